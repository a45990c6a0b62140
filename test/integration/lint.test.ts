// What relocation cannot rewrite, in real files: made by gzip, xz, bzip2, zip, tar, and read through the cache of facts.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { readTree } from '../../src/archive/tree.ts'
import { lintPaths } from '../../src/lint/lint-paths.ts'
import type { LintedPath } from '../../src/lint/lint-paths.ts'

const MEMBER = '0123456789abcdfghijklmnpqrsvwxyz-member'
const STRANGER = 'zyxwvsrqpnmlkjihgfdcba9876543210-stranger'
const REFERENCE = `/nix/store/${MEMBER}/bin/x`
/** Deflate would leave a short text as it is. */
const TEXT = `${'some text that compresses well\n'.repeat(200)}${REFERENCE}\n`

let workDir = ''
let treeDir = ''
beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), 'nixpack-lint-'))
  treeDir = join(workDir, 'tree')
  mkdirSync(treeDir)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(workDir, { recursive: true })
})

const shell = (script: string, cwd = treeDir): void => void execFileSync('bash', ['-euc', script], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
const write = (name: string, content: string | Buffer): void => writeFileSync(join(treeDir, name), content)

const lint = async (options: { readonly members?: readonly string[]; readonly narHash?: string } = {}): Promise<LintedPath> => {
  const source = { baseName: MEMBER, sourceDir: treeDir, narHash: Buffer.from(options.narHash ?? treeDir) }
  const [path] = await lintPaths([source], { cacheDir: join(workDir, 'cache'), readTree, members: options.members ?? [MEMBER] })
  if (path === undefined) throw new Error('unreachable: one path in, one path out')
  return path
}

test('references in files and symlinks are no findings, those to other closures are none at all', async () => {
  write('script', `#!${REFERENCE}\n/nix/store/${STRANGER}\n`)
  expect(await lint()).toMatchObject({ references: true, notes: [] })
  expect(await lint({ members: [] })).toMatchObject({ references: false, notes: [] })
})

test('a symlink refers to what it points to', async () => {
  symlinkSync(REFERENCE, join(treeDir, 'link'))
  expect(await lint()).toMatchObject({ references: true, notes: [] })
})

test('a symlink to a store path beside its own cannot be rewritten', async () => {
  symlinkSync(`../../${MEMBER}/bin/x`, join(treeDir, 'beside'))
  symlinkSync('/nix/store', join(treeDir, 'store'))
  expect((await lint()).notes).toEqual([
    { reason: 'bare-hash', file: 'beside' },
    { reason: 'no-hash', file: 'store' },
  ])
})

test('a path that is one file, empty files and directories are read', async () => {
  write('empty', '')
  mkdirSync(join(treeDir, 'dir'))
  expect(await lint()).toMatchObject({ references: false, notes: [] })
  rmSync(treeDir, { recursive: true })
  writeFileSync(treeDir, `\\/nix\\/store\\/${MEMBER}`)
  expect((await lint({ narHash: 'file' })).notes).toEqual([{ reason: 'escaped', file: '' }])
})

test.each([
  ['gzip -n text', 'text.gz', 'compressed'],
  ['xz text', 'text.xz', 'compressed'],
  ['bzip2 text', 'text.bz2', 'compressed'],
  ['tar -c -f all.tar text && rm text', 'all.tar', 'archive'],
  ['tar -c -z -f all.tgz text && rm text', 'all.tgz', 'compressed'],
  ['tar -c -J -f all.txz text && rm text', 'all.txz', 'compressed'],
  ['zip -q all.zip text && rm text', 'all.zip', 'compressed'],
  ['zip -q -0 all.zip text && rm text', 'all.zip', 'archive'],
  ['mkdir META-INF && echo > META-INF/MANIFEST.MF && zip -q -r x.jar META-INF text && rm -r META-INF text', 'x.jar', 'compressed'],
  ['zip -q in.jar text && zip -q -0 all.zip in.jar && rm text in.jar', 'all.zip', 'compressed'],
  ['zip -q in.jar text && cat in.jar in.jar > two.jar && zip -q all.zip two.jar && rm text *.jar', 'all.zip', 'compressed'],
  ['gzip -n text && tar -c -f all.tar text.gz && rm text.gz', 'all.tar', 'compressed'],
  ['gzip -n text && tar -c -z -f all.tgz text.gz text.gz && rm text.gz', 'all.tgz', 'compressed'],
  ['zip -q in.zip text && gzip -n in.zip && rm text', 'in.zip.gz', 'compressed'],
  ['{ echo "#!/bin/sh"; zip -q - text; } | cat > app && rm text', 'app', 'compressed'],
  ['{ echo "#!/bin/sh"; zip -q -0 - text; } | cat > app && zip -q -A app && rm text', 'app', 'archive'],
  ['{ gzip -n < /dev/null; gzip -n < text; } > two.gz && rm text', 'two.gz', 'compressed'],
])('a reference that only `%s` can read is found', async (script, file, reason) => {
  write('text', TEXT)
  shell(script)
  expect(readdirSync(treeDir)).toEqual([file])
  expect(await lint()).toMatchObject({ references: false, notes: [{ reason, file }] })
  expect(await lint({ members: [] })).toMatchObject({ references: false, notes: [] })
})

test.each([
  ['one frame', zstdCompressSync(TEXT)],
  ['two frames', Buffer.concat([zstdCompressSync('x'), zstdCompressSync(TEXT)])],
  ['a stream larger than one chunk', zstdCompressSync(Buffer.concat([Buffer.alloc(9 << 20, 'abc '), Buffer.from(TEXT)]))],
])('a reference in zstd is found: %s', async (_what, bytes) => {
  write('a.zst', bytes)
  expect((await lint()).notes).toEqual([{ reason: 'compressed', file: 'a.zst' }])
})

test('the line in front of a zip archive may be rewritten, what is behind it may not', async () => {
  write('text', 'nothing')
  shell(`{ echo "#!${REFERENCE}"; zip -q -0 - text; } | cat > app && rm text`)
  expect(await lint()).toMatchObject({ references: true, notes: [] })
})

test('a program with a zip archive behind it that has records of zip64 is none that may be rewritten', async () => {
  write('text', TEXT)
  shell('zip -q -0 -fz all.zip text && rm text')
  const bytes = readFileSync(join(treeDir, 'all.zip'))
  rmSync(join(treeDir, 'all.zip'))
  const endAt = bytes.length - 22
  expect(bytes.readUInt32LE(endAt + 16)).toBe(0xffff_ffff)
  // Some writers fill in both ends.
  bytes.writeUInt32LE(Number(bytes.readBigUInt64LE(endAt - 20 - 56 + 48)), endAt + 16)
  write('app', Buffer.concat([Buffer.from('#!/bin/sh\n'), bytes]))
  expect((await lint()).notes).toEqual([
    { reason: 'archive', file: 'app' },
    { reason: 'unread', file: 'app' },
  ])
})

test('a program that holds the signature of zip archives is none', async () => {
  write('program', Buffer.concat([Buffer.from(`${REFERENCE}\0PK\u0005\u0006`), Buffer.alloc(40)]))
  expect(await lint()).toMatchObject({ references: true, notes: [] })
})

test('every way of writing a reference is found, each file with its reasons', async () => {
  const reference = `x${REFERENCE}`
  write('a', Buffer.from(reference, 'utf16le'))
  write('b', Buffer.from(reference, 'utf16le').swap16())
  write('c', Buffer.concat(Array.from(reference, (letter) => Buffer.from(`${letter}\0\0\0`))))
  write('d', JSON.stringify({ path: REFERENCE }).replaceAll('/', '\\/'))
  write('e', `hash = ${MEMBER}`)
  write('f', 'store = "/nix/store"')
  write('g', `/nix/store/${'e'.repeat(32)}-gone`)
  expect((await lint()).notes).toEqual([
    { reason: 'utf-16', file: 'a' },
    { reason: 'utf-16', file: 'b' },
    { reason: 'utf-32', file: 'c' },
    { reason: 'escaped', file: 'd' },
    { reason: 'bare-hash', file: 'e' },
    { reason: 'no-hash', file: 'f' },
  ])
})

test.each([
  ['a damaged gzip file', 'gzip -n text && printf x >> text.gz', 'text.gz'],
  ['a cut gzip file', 'gzip -n text && truncate -s -9 text.gz', 'text.gz'],
  ['a cut xz file', 'xz text && truncate -s -9 text.xz', 'text.xz'],
  ['an encrypted zip', 'zip -q -P secret all.zip text && rm text', 'all.zip'],
  ['a zip without its end', 'zip -q all.zip text && truncate -s -30 all.zip && rm text', 'all.zip'],
  ['lz4', 'rm text && printf "\\004\\042\\115\\030" > a.lz4', 'a.lz4'],
  ['7z', 'rm text && printf "7z\\274\\257\\047\\034" > a.7z', 'a.7z'],
  ['a squashfs image', 'rm text && printf hsqs > a.img', 'a.img'],
  ['a git pack in a compressed tar', "rm text && printf 'PACK\\0\\0\\0\\2' > pack && tar -c -z -f all.tgz pack && rm pack", 'all.tgz'],
  ['gzip in gzip in gzip ...', 'for i in 1 2 3 4 5 6; do gzip -n -S .z text; mv text.z text; done', 'text'],
])('%s is a finding, because nobody can tell what is in it', async (_what, script, file) => {
  write('text', 'nothing of interest')
  shell(script)
  expect(await lint({ members: [] })).toMatchObject({ notes: [{ reason: 'unread', file }] })
})

test('a container with any byte changed is read as far as it goes, and never stops the bundling', async () => {
  write('text', TEXT)
  shell('zip -q all.zip text && tar -c -z -f all.tgz all.zip && rm text')
  for (const name of ['all.zip', 'all.tgz']) {
    const good = readFileSync(join(treeDir, name))
    for (let at = 0; at < good.length; at++) {
      const damaged = Buffer.from(good)
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (at % 8)), at)
      write(name, damaged)
      await expect(lint({ narHash: `${name} ${at}` }), `byte ${at} of ${name}`).resolves.toMatchObject({ baseName: MEMBER })
    }
    rmSync(join(treeDir, name))
  }
})

test('what decompresses to more than a gibibyte is a finding, and needs no memory', async () => {
  const frame = zstdCompressSync(Buffer.alloc(64 << 20))
  write('bomb.zst', Buffer.concat(Array.from({ length: 17 }, () => frame)))
  expect((await lint()).notes).toEqual([{ reason: 'unread', file: 'bomb.zst' }])
  expect(process.memoryUsage().rss).toBeLessThan(1 << 30)
})

test('without xz and bzip2 their files are findings, and the answer is not taken for that of a machine that has them', async () => {
  write('text', TEXT)
  shell('xz --keep text && bzip2 text')
  vi.stubEnv('PATH', workDir)
  expect((await lint()).notes).toEqual([
    { reason: 'unread', file: 'text.bz2' },
    { reason: 'unread', file: 'text.xz' },
  ])
  vi.unstubAllEnvs()
  expect((await lint()).notes).toEqual([
    { reason: 'compressed', file: 'text.bz2' },
    { reason: 'compressed', file: 'text.xz' },
  ])
})

test('a path is read once: what it holds is known from then on, for every closure', async () => {
  write('text', `hash = ${MEMBER}`)
  expect((await lint({ members: [] })).notes).toEqual([])
  rmSync(join(treeDir, 'text'))
  expect((await lint()).notes).toEqual([{ reason: 'bare-hash', file: 'text' }])
  expect((await lint({ narHash: 'another' })).notes).toEqual([])
})

test('a damaged entry of the cache is made anew', async () => {
  write('text', `hash = ${MEMBER}`)
  await lint()
  const cacheDir = join(workDir, 'cache')
  const [entry = ''] = readdirSync(cacheDir)
  for (const damage of ['{', '{"facts":[{"reason":"toString","file":"","run":""}],"machines":[],"complete":true}']) {
    writeFileSync(join(cacheDir, entry), damage)
    expect((await lint()).notes).toEqual([{ reason: 'bare-hash', file: 'text' }])
  }
  expect(readdirSync(cacheDir)).toEqual([entry])
})

test('the processors that programs are for are found, each with its first file', async () => {
  copyFileSync('/bin/sh', join(treeDir, 'program'))
  copyFileSync('/bin/sh', join(treeDir, 'second'))
  expect((await lint()).machines).toEqual([{ machine: process.arch === 'arm64' ? 183 : 62, file: 'program' }])
})

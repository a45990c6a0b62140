// Trees on disk -> frames -> the same trees, unpacked by the system's tar; and what keeps the bytes the same.
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { narHashOf } from '../../src/archive/nar-hash.ts'
import { encodeEntryHeader } from '../../src/archive/tar-stream.ts'
import { readTree } from '../../src/archive/tree.ts'
import { archiveClosure } from '../../src/archive/write.ts'
import type { ArchivedPath } from '../../src/archive/write.ts'

const BASE_NAME = '0123456789abcdfghijklmnpqrsvwxyz-tree'
const LONG = 'n'.repeat(180)

let workDir = ''
beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'nixpack-archive-'))
})
afterEach(async () => rm(workDir, { recursive: true, force: true }))

const makeTree = async (dir: string): Promise<void> => {
  await mkdir(join(dir, 'bin'), { recursive: true })
  await mkdir(join(dir, 'empty'))
  await mkdir(join(dir, LONG))
  await writeFile(join(dir, 'bin', 'run'), '#!/bin/sh\n')
  await chmod(join(dir, 'bin', 'run'), 0o555)
  await writeFile(join(dir, LONG, LONG), 'deep')
  await writeFile(join(dir, 'new\nline "ü"'), '')
  await symlink(`../${'t'.repeat(150)}`, join(dir, 'dangling'))
}

const archive = async (dir: string, cacheName = 'cache'): Promise<ArchivedPath> => {
  const narHash = await narHashOf(dir, await readTree(dir))
  const [path] = await archiveClosure([{ baseName: BASE_NAME, sourceDir: dir, narHash }], {
    cacheDir: join(workDir, cacheName),
    level: 3,
    jobs: 2,
    onProgress: () => {},
  })
  if (path === undefined) throw new Error('unreachable: one path in, one path out')
  return path
}

const frameBytes = async (path: ArchivedPath): Promise<Buffer> => Buffer.concat(await Promise.all(path.frames.map((frame) => readFile(frame.path))))

test('a tree comes out of its frames as it went in', async () => {
  const dir = join(workDir, 'tree')
  await makeTree(dir)
  const path = await archive(dir)
  const outDir = join(workDir, 'out')
  await mkdir(outDir)
  execFileSync('tar', ['-x', '-C', outDir], { input: zstdDecompressSync(await frameBytes(path)) })
  const unpacked = join(outDir, BASE_NAME)
  expect(await narHashOf(unpacked, await readTree(unpacked))).toEqual(path.narHash)
})

test('an archive is exactly one zstd frame', async () => {
  const dir = join(workDir, 'tree')
  await makeTree(dir)
  expect((await frameBytes(await archive(dir))).lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toBe(0)
})

test('times, modes beyond the executable bit and the order on disk do not change the bytes', async () => {
  await makeTree(join(workDir, 'one'))
  await makeTree(join(workDir, 'two'))
  await utimes(join(workDir, 'two', 'bin', 'run'), 5, 5)
  await chmod(join(workDir, 'two', 'empty'), 0o700)
  const [one, two] = [await archive(join(workDir, 'one'), 'cache1'), await archive(join(workDir, 'two'), 'cache2')]
  expect(await frameBytes(one)).toEqual(await frameBytes(two))
})

test('a second archiving takes the frames from the cache', async () => {
  const dir = join(workDir, 'tree')
  await makeTree(dir)
  const first = await archive(dir)
  await writeFile(first.frames[0]?.path ?? '', 'x'.repeat(first.frames[0]?.sizeBytes ?? 0))
  expect((await frameBytes(await archive(dir))).toString('latin1')).toMatch(/^x+$/)
})

test('a cached frame that was cut is made anew', async () => {
  const dir = join(workDir, 'tree')
  await makeTree(dir)
  const first = await archive(dir)
  const good = await frameBytes(first)
  await writeFile(first.frames[0]?.path ?? '', good.subarray(1))
  expect(await frameBytes(await archive(dir))).toEqual(good)
})

test('simultaneous archivings through one cache all succeed with the same bytes', async () => {
  const dir = join(workDir, 'tree')
  await makeTree(dir)
  const paths = await Promise.all(Array.from({ length: 8 }, () => archive(dir)))
  const bytes = await Promise.all(paths.map(frameBytes))
  for (const other of bytes) expect(other).toEqual(bytes[0])
})

test('a tree that is not what Nix recorded is refused, and leaves nothing in the cache', async () => {
  const dir = join(workDir, 'tree')
  await makeTree(dir)
  const source = { baseName: BASE_NAME, sourceDir: dir, narHash: Buffer.alloc(32) }
  const options = { cacheDir: join(workDir, 'cache'), level: 3, jobs: 1, onProgress: () => {} }
  await expect(archiveClosure([source], options)).rejects.toThrow(/do not have the hash that Nix recorded/)
  expect(await readdir(options.cacheDir)).toEqual([])
})

test('a name that is not UTF-8 is refused by name', async () => {
  const dir = join(workDir, 'tree')
  await mkdir(dir)
  await writeFile(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])]), '')
  await expect(readTree(dir)).rejects.toThrow(/its name is not UTF-8/)
})

test('a tree of many entries needs no deep stack', async () => {
  const dir = join(workDir, 'tree')
  await mkdir(join(dir, 'many'), { recursive: true })
  for (let at = 0; at < 20_000; at++) symlinkSync('x', join(dir, 'many', `${at}`))
  const script = `import { readTree } from '${new URL('../../src/archive/tree.ts', import.meta.url).href}'; console.log((await readTree(process.argv[1])).length)`
  const printed = execFileSync(process.execPath, ['--stack-size=150', '--input-type=module', '-e', script, dir], { encoding: 'utf8' })
  expect(printed).toBe('20002\n')
})

test('a file that does not fit into a ustar header has its size in a pax record, and 0 in the header', () => {
  const sizeBytes = 9 * 2 ** 30
  const blocks = encodeEntryHeader('a', { kind: 'file', name: 'b', sizeBytes, executable: false })
  expect(blocks.length).toBe(3 * 512)
  expect(blocks.toString('latin1', 512, 1024)).toContain(` size=${sizeBytes}\n`)
  expect(Number.parseInt(blocks.toString('latin1', 1024 + 124, 1024 + 136), 8)).toBe(0)
})

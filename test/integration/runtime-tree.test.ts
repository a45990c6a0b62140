import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

import { buildRuntime, readRuntime } from '../../src/sea/runtime-tree.ts'
import { digestOfSources } from '../../src/sea/stamp.ts'
import { targetOf } from '../../src/sea/target.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const version = '1.0'
const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'
const foreign = process.arch === 'arm64' ? 'x86_64-linux' : 'aarch64-linux'

/** A nixpack of two files, and the runtime that was made from it: its stamp, and a launcher that is some program of this machine. */
const makeHome = (): { readonly runtimesDir: string; readonly rootDir: string; readonly version: string } => {
  const rootDir = mkdtempSync(join(tmpdir(), 'np-runtime-'))
  onTestFinished(() => rmSync(rootDir, { recursive: true }))
  mkdirSync(join(rootDir, 'src', 'sea'), { recursive: true })
  mkdirSync(join(rootDir, 'runtime', 'launcher'), { recursive: true })
  for (const name of ['package.json', 'tsconfig.json']) writeFileSync(join(rootDir, name), '{}')
  writeFileSync(join(rootDir, 'runtime', 'main.ts'), 'export {}')
  const runtimesDir = join(rootDir, 'build')
  for (const name of [system, foreign]) {
    mkdirSync(join(runtimesDir, name), { recursive: true })
    writeFileSync(join(runtimesDir, name, 'runtime.json'), JSON.stringify({ version, sources: digestOfSources(rootDir), parts: '' }))
    copyFileSync('/bin/true', join(runtimesDir, name, 'launcher'))
  }
  return { runtimesDir, rootDir, version }
}

test('a runtime that was not built is named, with what builds it', async () => {
  const home = { runtimesDir: '/nonexistent', rootDir: ROOT, version }
  await expect(readRuntime(home, system)).rejects.toMatchObject({
    code: 'RUNTIME_MISSING',
    message: expect.stringContaining(system),
    hint: 'build it with: make runtime',
  })
  await expect(readRuntime(home, foreign)).rejects.toMatchObject({ hint: `build it with: make runtime SYSTEM=${foreign}` })
})

test('a runtime is used as long as it was made from the sources that are there', async () => {
  const home = makeHome()
  await expect(readRuntime(home, system)).resolves.toMatchObject({ launcherPath: join(home.runtimesDir, system, 'launcher') })
  await expect(readRuntime({ ...home, version: '1.1' }, system)).rejects.toMatchObject({ code: 'RUNTIME_MISSING' })
})

test.each([
  ['a changed source', 'runtime/main.ts'],
  ['a further source of the launcher', 'runtime/launcher/new.c'],
  ['a further source of the supervisor', 'src/sea/new.ts'],
  ['another pin', 'package.json'],
])('%s makes a runtime stale', async (_what, path) => {
  const home = makeHome()
  writeFileSync(join(home.rootDir, path), '{ "changed": true }')
  await expect(readRuntime(home, system)).rejects.toMatchObject({
    code: 'RUNTIME_MISSING',
    message: expect.stringContaining('other sources'),
    hint: 'build it with: make runtime',
  })
})

test("what is no source, such as an editor's backup, does not", async () => {
  const home = makeHome()
  writeFileSync(join(home.rootDir, 'runtime', 'main.ts~'), '')
  await expect(readRuntime(home, system)).resolves.toBeDefined()
})

test('a stamp of an earlier nixpack, or a broken one, is none', async () => {
  const home = makeHome()
  for (const stamp of ['{"version":"1.0"}', '{"vers']) {
    writeFileSync(join(home.runtimesDir, system, 'runtime.json'), stamp)
    await expect(readRuntime(home, system)).rejects.toMatchObject({ code: 'RUNTIME_MISSING' })
  }
})

test('a launcher for another processor is refused, naming both', async () => {
  await expect(readRuntime(makeHome(), foreign)).rejects.toMatchObject({
    code: 'RUNTIME_MISSING',
    message: expect.stringMatching(`for ${foreign}: it is for ${system}$`),
  })
})

const buildsAgain = (): never => {
  throw new Error('it is built again')
}

test('what make has built is kept until a part of it is another one', async () => {
  const installed = { runtimesDir: join(ROOT, 'build', 'runtime'), rootDir: ROOT, version: packageVersion(), target: targetOf(system, undefined) }
  const launcherPath = join(installed.runtimesDir, system, 'launcher')
  await expect(buildRuntime({ ...installed, launcherPath, onBuild: buildsAgain })).resolves.toBeUndefined()
  await expect(buildRuntime({ ...installed, launcherPath: '/bin/true', onBuild: buildsAgain })).rejects.toThrow('it is built again')
})

const packageVersion = (): string => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version

test("the runtime's dynamic linker does not ask for what the host wants in every program", () => {
  const libraryDir = join(ROOT, 'build', 'runtime', system, 'tree', 'lib')
  const linker = readdirSync(libraryDir).find((name) => name.startsWith('ld-linux'))
  const bytes = readFileSync(join(libraryDir, linker ?? ''))
  expect(bytes.includes('/etc/ld.so.preload')).toBe(false)
  expect(bytes.includes('/nix/no/ld.preload')).toBe(true)
})

test('what was compiled when the supervisor was built is what it runs', () => {
  const { stderr } = spawnSync(join(ROOT, 'build', 'runtime', system, 'tree', 'bin', 'supervisor'), ['--version'], {
    encoding: 'utf8',
    env: { NODE_DEBUG: 'sea' },
  })
  expect(stderr).toMatch(/^SEA \d+: code taken\n/)
})

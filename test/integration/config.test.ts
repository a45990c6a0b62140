// What the configuration leaves on a real disk, and the ports it finds on a real host.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findAutomaticPorts, predictAutomaticPorts, resolveAutomaticPorts, resolvePortsPath } from '../../runtime/config/automatic-ports.ts'
import { readEnvFile } from '../../runtime/config/env-file.ts'
import { grantAccess } from '../../runtime/config/grant-access.ts'
import { createHostFacts } from '../../runtime/config/host-facts.ts'
import { makeLastingDirectories } from '../../runtime/config/lasting-directories.ts'
import { createRunDirectory } from '../../runtime/config/run-directory.ts'
import { resolveVariables } from '../../runtime/config/variables.ts'
import { writeFiles } from '../../runtime/config/write-files.ts'
import { findRunPaths } from '../../runtime/commands/target.ts'
import { resolveDirectories } from '../../runtime/contract/directories.ts'
import { createManifest } from '../helpers/manifest.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nixpack-config-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
const uid = process.getuid?.() ?? 0

const MANIFEST = createManifest({ env: { A: { type: 'port', default: 'auto' }, B: { type: 'port' }, C: { type: 'port', default: 'auto' } } })
const requestFor = (environment: Readonly<Record<string, string>> = {}) => ({
  wanted: findAutomaticPorts(MANIFEST, environment),
  portsPath: join(dir, 'state/ports.json'),
  seed: `demo/${dir}`,
})

test('automatic ports are distinct, remembered, and fill their variables', async () => {
  const first = await resolveAutomaticPorts(requestFor())
  expect(first.warnings).toEqual([])
  expect([...first.ports.keys()]).toEqual(['A', 'C'])
  expect(new Set(first.ports.values()).size).toBe(2)
  expect(JSON.parse(readFileSync(join(dir, 'state/ports.json'), 'utf8'))).toEqual(Object.fromEntries(first.ports))
  expect([modeOf(join(dir, 'state/ports.json')), readdirSync(join(dir, 'state'))]).toEqual(['600', ['ports.json']])
  const again = await resolveAutomaticPorts({ ...requestFor({ B: 'auto' }), seed: 'another' })
  expect([again.ports.get('A'), again.ports.get('C')]).toEqual([first.ports.get('A'), first.ports.get('C')])
  const { variables } = resolveVariables({ manifest: MANIFEST, environment: {}, workingDir: '/', automaticPorts: first.ports })
  expect(variables.get('A')).toMatchObject({ text: String(first.ports.get('A')), port: first.ports.get('A'), source: 'default' })
})

test('what would be chosen is known without trying or writing', async () => {
  const predicted = predictAutomaticPorts(requestFor())
  expect(readdirSync(dir)).toEqual([])
  const { ports } = await resolveAutomaticPorts(requestFor())
  expect(predictAutomaticPorts(requestFor())).toEqual(ports)
  expect([...predicted.keys()]).toEqual(['A', 'C'])
})

test('a remembered port that somebody else has taken is replaced, one that is held by ourselves is kept', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const address = server.address()
    const taken = typeof address === 'object' && address !== null ? address.port : 0
    mkdirSync(join(dir, 'state'))
    writeFileSync(join(dir, 'state/ports.json'), JSON.stringify({ A: taken }))
    const range = createManifest({ env: { A: { type: 'port', default: 'auto', min: 1024, max: 65_535 } } })
    const request = { ...requestFor(), wanted: findAutomaticPorts(range, {}) }
    const held = await resolveAutomaticPorts({ ...request, held: new Map([['A', taken]]) })
    expect([held.ports.get('A'), held.warnings]).toEqual([taken, []])
    const replaced = await resolveAutomaticPorts(request)
    expect(replaced.ports.get('A')).not.toBe(taken)
    expect(replaced.warnings).toEqual([`A: port ${taken} is in use by others, so it is ${replaced.ports.get('A')} from now on`])
  } finally {
    server.close()
  }
})

test.each([['garbage'], ['[]'], ['null'], ['"x"'], ['{"A":'], ['\0\0']])('ports.json holding %j is replaced', async (text) => {
  mkdirSync(join(dir, 'state'))
  writeFileSync(join(dir, 'state/ports.json'), text)
  const { ports, warnings } = await resolveAutomaticPorts(requestFor())
  expect([ports.size, warnings]).toEqual([2, [`the ports in "${join(dir, 'state/ports.json')}" cannot be read and are chosen anew`]])
  expect((await resolveAutomaticPorts(requestFor())).warnings).toEqual([])
})

test('entries of ports.json that are no ports are passed over', async () => {
  mkdirSync(join(dir, 'state'))
  writeFileSync(join(dir, 'state/ports.json'), '{"A":70000,"C":"80","__proto__":1,"X":20000}')
  const { ports } = await resolveAutomaticPorts(requestFor())
  expect([...ports.values()].every((port) => port >= 20_000 && port <= 32_767)).toBe(true)
})

test('without a place to remember them, ports are found all the same', async () => {
  writeFileSync(join(dir, 'state'), 'in the way')
  const { ports, warnings } = await resolveAutomaticPorts(requestFor())
  expect([ports.size, warnings.length]).toEqual([2, 1])
  expect(warnings[0]).toContain('the chosen ports will be forgotten')
})

test('a range without a free port is an error that names the variable', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const address = server.address()
    const taken = typeof address === 'object' && address !== null ? address.port : 0
    const narrow = createManifest({ env: { A: { type: 'port', default: 'auto', min: taken, max: taken } } })
    await expect(resolveAutomaticPorts({ ...requestFor(), wanted: findAutomaticPorts(narrow, {}) })).rejects.toThrow('cannot find a free port for A')
  } finally {
    server.close()
  }
})

test('a file of variables is read from the disk', () => {
  writeFileSync(join(dir, 'env'), 'A=1\n')
  expect(readEnvFile(join(dir, 'env'))).toEqual({ A: '1' })
  expect(() => readEnvFile(join(dir, 'missing'))).toThrow(`cannot read environment file "${dir}/missing"`)
  expect(() => readEnvFile(dir)).toThrow('cannot read environment file')
})

const directoriesIn = (state: string) => resolveDirectories({ environment: {}, uid, workingDir: '/', bundle: 'b', instance: 'i', chosen: { state } })

test('lasting directories are made when they are used, for us alone', () => {
  const directories = directoriesIn(join(dir, 'a/b/state'))
  makeLastingDirectories(directories, new Set(), uid)
  expect(readdirSync(dir)).toEqual([])
  makeLastingDirectories(directories, new Set(['log', 'spool'] as const), uid)
  expect(readdirSync(directories.state).sort()).toEqual(['log', 'spool'])
  expect([modeOf(directories.log), modeOf(directories.spool), modeOf(directories.state)]).toEqual(['700', '700', uid === 0 ? '711' : '700'])
  expect(resolvePortsPath(directories)).toBe(join(dir, 'a/b/state/ports.json'))
})

test('a lasting directory that is there stays as it is, also behind a link', () => {
  mkdirSync(join(dir, 'real'))
  chmodSync(join(dir, 'real'), 0o755)
  symlinkSync('real', join(dir, 'state'))
  makeLastingDirectories(directoriesIn(join(dir, 'state')), new Set(['state'] as const), uid)
  expect(modeOf(join(dir, 'real'))).toBe('755')
})

test('a lasting directory that cannot be made is named, with the variable that moves it', () => {
  writeFileSync(join(dir, 'file'), '')
  const make = () => makeLastingDirectories(directoriesIn(join(dir, 'file/state')), new Set(['state'] as const), uid)
  expect(make).toThrow(`cannot make directory "${dir}/file/state" for dir.state`)
  const onFile = () => makeLastingDirectories(directoriesIn(join(dir, 'file')), new Set(['state'] as const), uid)
  expect(onFile).toThrow(`cannot make directory "${dir}/file" for dir.state`)
})

test('the facts of this host', () => {
  const host = createHostFacts()
  expect(host.accounts().users.some(({ uid: id }) => id === 0)).toBe(true)
  expect(host.memoryTotalBytes()).toBeGreaterThan(1_000_000)
  expect([host.isFile('/proc/self/status'), host.isFile('/proc'), host.isFile('/nowhere/x')]).toEqual([true, false, false])
})

test('temporary files can be elsewhere: made for a run, removed with it, and never taken from others', () => {
  const tmpBase = join(dir, 'big')
  mkdirSync(tmpBase)
  const create = (tmp: string) =>
    createRunDirectory({ environment: { NIXPACK_RUN_DIR: join(dir, 'run'), NIXPACK_TMP_DIR: tmp }, uid }, { bundle: 'b', instance: 'i' })
  const run = create(tmpBase)
  expect([run.paths.tmpDir, modeOf(run.paths.tmpDir)]).toEqual([join(tmpBase, `nixpack-${uid}-b@i/tmp`), '700'])
  writeFileSync(join(run.paths.tmpDir, 'left'), '')
  const next = create(tmpBase)
  expect(readdirSync(next.paths.tmpDir)).toEqual([])
  next.remove()
  expect(readdirSync(tmpBase)).toEqual([])
  const refused = 'cannot make a private directory for temporary files: NIXPACK_TMP_DIR: expected an absolute path, got "relative"'
  expect(() => create('relative')).toThrow(expect.objectContaining({ message: refused, hint: expect.stringContaining('set NIXPACK_TMP_DIR') }))
  chmodSync(tmpBase, 0o777)
  expect(() => create(tmpBase)).toThrow('can be written to by others')
})

const NOBODY = 65_534

test('what a user gets is its own, and reachable through directories that nobody can list', ({ skip }) => {
  skip(uid !== 0, 'only root can give files away')
  const run = createRunDirectory({ environment: { NIXPACK_RUN_DIR: join(dir, 'run') }, uid }, { bundle: 'b', instance: 'i' })
  const { paths } = run
  const files = ['mine', 'shared', 'private'].map((name) => ({ name, text: name, mode: 0o600 }))
  const grants = [
    { path: `${paths.filesDir}/mine`, isDirectory: false, uid: NOBODY, gid: NOBODY, isShared: false },
    { path: `${paths.filesDir}/shared`, isDirectory: false, uid: 0, gid: NOBODY, isShared: true },
    { path: paths.tmpDir, isDirectory: true, uid: 0, gid: NOBODY, isShared: true },
    { path: join(dir, 'never-made'), isDirectory: true, uid: NOBODY, gid: NOBODY, isShared: false },
  ]
  writeFiles(files, paths.filesDir, grants)
  grantAccess(grants, paths)
  const facts = (name: string) => {
    const stats = statSync(`${paths.filesDir}/${name}`)
    return [stats.uid, stats.gid, (stats.mode & 0o7777).toString(8)]
  }
  expect(['mine', 'shared', 'private', 'tmp'].map(facts)).toEqual([
    [NOBODY, NOBODY, '600'],
    [0, NOBODY, '640'],
    [0, 0, '600'],
    [0, NOBODY, '3770'],
  ])
  expect([paths.instanceDir, paths.filesDir].map(modeOf)).toEqual(['711', '711'])
  // Again, as the next start finds it.
  expect(createRunDirectory({ environment: { NIXPACK_RUN_DIR: join(dir, 'run') }, uid }, { bundle: 'b', instance: 'i' }).paths).toEqual(paths)
})

test('a directory that its new owner has turned into a link is refused', ({ skip }) => {
  skip(uid !== 0, 'only root can give files away')
  const { paths } = createRunDirectory({ environment: { NIXPACK_RUN_DIR: join(dir, 'run') }, uid }, { bundle: 'b', instance: 'i' })
  const victim = join(dir, 'victim')
  mkdirSync(victim)
  rmSync(paths.tmpDir, { recursive: true })
  symlinkSync(victim, paths.tmpDir)
  const grants = [{ path: paths.tmpDir, isDirectory: true, uid: NOBODY, gid: NOBODY, isShared: false }]
  expect(() => grantAccess(grants, paths)).toThrow('cannot give directories')
  expect(statSync(victim).uid).toBe(0)
})

const find = () => findRunPaths({ environment: { XDG_RUNTIME_DIR: dir }, uid, manifest: { ...MANIFEST, name: 'looked-for' }, instance: 'i' })

describe('an instance is looked for where nobody else can have put it', () => {
  const places = ['nixpack', 'nixpack/looked-for'].map((path) => ({ path }))
  beforeEach(() => mkdirSync(join(dir, 'nixpack/looked-for/i'), { recursive: true, mode: 0o700 }))

  test('and found where it was made', () => {
    expect(find().map(({ instanceDir }) => instanceDir)).toEqual([join(dir, 'nixpack/looked-for/i')])
  })

  test.for(places)('not in $path of another user', ({ path }, { skip }) => {
    skip(uid !== 0, 'only root can give files away')
    chownSync(join(dir, path), NOBODY, NOBODY)
    expect(find()).toEqual([])
  })

  test.each(places)('not in $path that others can write to', ({ path }) => {
    chmodSync(join(dir, path), 0o722)
    expect(find()).toEqual([])
  })

  test.each(places)('not behind a link in place of $path', ({ path }) => {
    renameSync(join(dir, path), join(dir, 'moved'))
    symlinkSync(join(dir, 'moved'), join(dir, path))
    expect(find()).toEqual([])
  })
})

// Real programs do the same under every engine, on a host that has nothing of their own: neither /usr nor /nix. What they
// say about where their files lie is the only difference.
import { request } from 'node:http'
import { chmodSync, chownSync, copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { createBareHost } from '../helpers/bare-host.ts'
import { killBundles, until } from '../helpers/bundle-process.ts'
import type { BundleRun } from '../helpers/bundle-process.ts'
import { bundlePath, nixpack } from '../helpers/e2e-bundles.ts'
import { findReferences } from '../helpers/find-references.ts'
import { removeUnpacked } from '../helpers/remove-unpacked.ts'

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'relocated')
const BUNDLES = ['shell', 'web', 'redis', 'nodejs', 'python3', 'ruby'] as const
const ENGINES = [
  { engine: 'relocate', uid: 61_900 },
  { engine: 'userns', uid: 61_901 },
  { engine: 'mount', uid: 0 },
  { engine: 'nix-dir', uid: 0 },
]
const bundlesDir = mkdtempSync('/var/tmp/nixpack-relocated-')

type Bundle = (typeof BUNDLES)[number]
type Facts = { readonly results: Readonly<Record<string, unknown>>; readonly paths: Readonly<Record<string, string>> }

beforeAll(() => {
  chmodSync(bundlesDir, 0o755)
  for (const name of BUNDLES) nixpack(['bundle', `fixtures/relocated/relocated.nix#${name}`, '--quiet', '--level', '3', '--output', join(bundlesDir, name)])
})
afterAll(() => rmSync(bundlesDir, { recursive: true }))
afterEach(killBundles)

type User = {
  readonly dir: string
  /** Where store paths lie. */
  readonly store: string
  readonly start: (name: Bundle, args: readonly string[]) => BundleRun
  /** What it printed; rejects when it did not end with status 0. */
  readonly finish: (name: Bundle, args: readonly string[]) => Promise<string>
  readonly remove: () => void
}

/** A user's directory on a bare host; the cache is in it. Every start is in namespaces of its own. */
const createUser = (engine: string, uid: number): User => {
  const dir = mkdtempSync('/tmp/np-reloc-')
  chownSync(dir, uid, uid)
  for (const workload of globSync(join(FIXTURES, 'workload.*'))) copyFileSync(workload, join(dir, basename(workload)))
  const host = createBareHost([bundlesDir, dir])
  const env = { NIXPACK_ENGINE: engine, NIXPACK_CACHE_DIR: join(dir, 'c') }
  const start: User['start'] = (name, args) => host.start({ file: join(bundlesDir, name), uid, cwd: dir, args, env })
  return {
    dir,
    store: engine === 'relocate' ? join(dir, 'c', '0') : '/nix/store',
    start,
    finish: async (name, args) => {
      const run = start(name, args)
      const { status } = await run.ended
      if (status !== 0) throw new Error(`${name} ended with status ${status}: ${run.stdout()}${run.stderr()}`)
      return run.stdout()
    },
    remove: () => {
      host.remove()
      removeUnpacked(dir)
    },
  }
}

describe.each(ENGINES)('engine $engine', ({ engine, uid }) => {
  let user: User
  beforeAll(() => {
    user = createUser(engine, uid)
  })
  afterAll(() => user.remove())

  const expectInStore = (paths: Readonly<Record<string, string>>): void => {
    const outside = Object.entries(paths).filter(([, path]) => !path.startsWith(`${user.store}/`))
    expect(outside).toEqual([])
  }

  const runWorkload = async (name: Bundle, file: string): Promise<Facts['results']> => {
    const { results, paths }: Facts = JSON.parse(await user.finish(name, [file]))
    expectInStore(paths)
    return results
  }

  test('bash: functions, arrays, printf, pipelines, children, builtins loaded from another store path', async () => {
    const lines = (await user.finish('shell', [])).trimEnd().split('\n')
    const facts = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    const { 'shell-path': shell = '', 'script-path': script = '', 'loadables-path': loadables = '', 'resolved-path': resolved = '', ...results } = facts
    expectInStore({ shell, script, loadables, resolved })
    expect(resolved).toBe(loadables)
    expect(results).toEqual({
      array: '5,3,4,1 4',
      map: 'ada is 036;alan is 041;',
      recursion: '55',
      printf: 'a\\ b  3.14 ff 1970',
      here: '<one><three>',
      substitution: 'x,y,',
      match: '1-22',
      pipeline: '7 0',
      loaded: 'file builtin',
      coreutils: 'a b ',
      child: 'hello from 5',
    })
  })

  test('python3: the standard library, a module with a C extension, processes of its own', async () => {
    expect(await runWorkload('python3', 'workload.py')).toEqual({
      json: { a: [1, 2.5, null] },
      ssl: true,
      sqlite: [['five'], ['three']],
      ctypes: 42,
      zlib: 'squeezed',
      lzma: 'tight',
      decimal: '0.3',
      hash: '2d711642',
      uuid: 'aad03681-8b63-5304-89e0-8ca8f49461b5',
      multiprocessing: [0, 1, 4, 9, 16],
      yaml: { a: [1, 'two'] },
      child: '42',
    })
    expect(await user.finish('python3', ['-c', 'import sys; print(*sys.argv[1:])', 'one', 'two'])).toBe('one two\n')
    expect(await user.finish('python3', ['-m', 'calendar', '2026', '11'])).toMatch(/November 2026\nMo Tu We/)
  })

  test('node: an HTTP server and its client, threads, and processes of its own executable', async () => {
    expect(await runWorkload('nodejs', 'workload.mjs')).toEqual({
      named: 5,
      http: { asked: '/for/this' },
      worker: 42,
      fork: '.',
      spawned: '42',
      gzip: 'squeezed',
      brotli: 'tight',
      hash: '2d711642',
      intl: '1.234,5',
    })
  })

  test('ruby: the standard library, native extensions, gems, a child', async () => {
    expect(await runWorkload('ruby', 'workload.rb')).toEqual({
      json: { a: [1, 2.5, null] },
      openssl: ['2d711642', true],
      socket: 'desserts',
      zlib: 'squeezed',
      set: [1, 3],
      yaml: { a: [1, 'two'] },
      gems: ['bundler', 'json', 'openssl', 'psych', 'rexml'],
      child: '[42]',
      threads: [0, 1, 4, 9],
    })
  })

  test('redis: what was saved is there after a restart', async () => {
    const socket = join(user.dir, 'redis.sock')
    const start = async (): Promise<BundleRun> => {
      const run = user.start('redis', ['--port', '0', '--unixsocket', 'redis.sock', '--dir', '.', '--save', ''])
      await run.printed(/eady to accept connections/)
      return run
    }
    const first = await start()
    expect(await askRedis(socket, 'SET greeting hello')).toBe('+OK')
    expect(await askRedis(socket, "EVAL \"return cjson.encode({1,redis.call('get','greeting')})\" 0")).toBe('$11\r\n[1,"hello"]')
    expect(await askRedis(socket, 'SAVE')).toBe('+OK')
    first.child.kill('SIGTERM')
    expect((await first.ended).status).toBe(0)
    const second = await start()
    expect(await askRedis(socket, 'GET greeting')).toBe('$5\r\nhello')
    second.child.kill('SIGTERM')
    expect((await second.ended).status).toBe(0)
  })

  test('nginx: checks its configuration, serves a file, replaces its workers on reload', async () => {
    await user.finish('web', ['-t'])
    const socket = join(user.dir, 'web.sock')
    const run = user.start('web', [])
    await run.printed(/(start worker process \d+[^]*){2}/)
    expect(await get(socket, '/')).toEqual({ status: 200, type: 'text/html', text: expect.stringContaining('Welcome to nginx!') })
    expectInStore({ root: (await get(socket, '/root')).text })
    const { text: worker } = await get(socket, '/worker')
    const workers = [...run.stderr().matchAll(/start worker process (\d+)/g)].map(([, pid]) => pid ?? '')
    expect(workers).toContain(worker.split(' ')[0])
    run.child.kill('SIGHUP')
    await until('other workers answer', async () => !workers.includes((await get(socket, '/worker')).text.split(' ')[0] ?? ''))
    run.child.kill('SIGTERM')
    expect((await run.ended).status).toBe(0)
  })
})

describe('the relocated tree', () => {
  let user: User
  beforeAll(() => {
    user = createUser('relocate', 61_902)
  })
  afterAll(() => user.remove())

  test('no file and no symlink of it refers to a path that the bundles hold by its name in /nix/store', async () => {
    await user.finish('shell', [])
    await user.finish('web', ['-t'])
    for (const name of ['redis', 'nodejs', 'python3', 'ruby'] as const) await user.finish(name, ['--version'])
    const bundles = BUNDLES.map((name): Inspected => JSON.parse(nixpack(['inspect', join(bundlesDir, name), '--json'])))
    const names = new Set(bundles.flatMap(({ paths }) => paths.map((path) => path.name)))
    const hashes = new Set([...names].map((name) => name.slice(0, 32)))
    expect(bundles.filter(({ relocation }) => !relocation.safe)).toEqual([])
    const { found, searched } = findReferences([user.store], hashes)
    expect(found).toEqual([])
    // The same search finds what the originals hold, and looks at as many files.
    const originals = findReferences(
      [...names].map((name) => join('/nix/store', name)),
      hashes,
    )
    expect(originals.found.length).toBeGreaterThan(500)
    expect(originals.searched).toBe(searched)
  })

  test('nor does one of a composed bundle, its runtime included', async () => {
    const cacheDir = join(user.dir, 'm')
    mkdirSync(cacheDir, { mode: 0o700 })
    const host = createBareHost([user.dir, join(bundlePath('markov'), '..')])
    const env = { NIXPACK_ENGINE: 'relocate', NIXPACK_CACHE_DIR: cacheDir }
    const run = host.start({ file: bundlePath('markov'), uid: 0, cwd: user.dir, args: ['--help'], env })
    expect((await run.ended).status).toBe(0)
    host.remove()
    const { paths, relocation }: Inspected = JSON.parse(nixpack(['inspect', bundlePath('markov'), '--json']))
    expect(relocation).toEqual({ safe: true, findings: [] })
    expect(findReferences([join(cacheDir, '0')], new Set(paths.map(({ name }) => name.slice(0, 32))))).toEqual({ found: [], searched: expect.any(Number) })
  })
})

type Inspected = {
  readonly paths: readonly { readonly name: string }[]
  readonly relocation: { readonly safe: boolean; readonly findings: readonly unknown[] }
}

/** The first reply to one command. */
const askRedis = async (path: string, command: string): Promise<string> => {
  const socket = createConnection(path)
  socket.write(`${command}\r\n`)
  const [reply] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
  socket.destroy()
  return String(reply).trimEnd()
}

const get = async (
  socketPath: string,
  path: string,
): Promise<{ readonly status: number | undefined; readonly type: string | undefined; readonly text: string }> => {
  const sent = request({ socketPath, path, agent: false, timeout: 10_000 }).end()
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, type: response.headers['content-type'], text }
}

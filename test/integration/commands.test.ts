// The command line of a bundle, against a running instance and without one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createRuntime, isAlive } from '../helpers/start-runtime.ts'
import type { Finished, Runtime, Running } from '../helpers/start-runtime.ts'

const SERVICE = ['/bin/sh', '-c', 'trap "echo bye; exit 0" TERM; trap "echo usr1" USR1; echo run $$; while :; do sleep 1000 & wait $!; done']
const MANIFEST = {
  env: { KEY: { type: 'secret', default: '' }, GREETING: { type: 'string', default: 'hello' } },
  files: { 'app.conf': { text: 'greeting = @{nixpack:env.GREETING}\nkey = @{nixpack:env.KEY}\n' } },
  processes: {
    db: { command: SERVICE },
    api: {
      command: [...SERVICE, '@{nixpack:file.app.conf}'],
      dependsOn: { db: 'ready' },
      environment: { GREETING: '@{nixpack:env.GREETING}', MINE: 'x@{nixpack:env.KEY}' },
    },
  },
  tasks: {
    alone: { command: ['/bin/sh', '-c', 'echo "alone $0 $1"; exit 3', 'x'] },
    migrate: { command: ['/bin/sh', '-c', 'echo migrated; echo warned >&2; exit 4'], dependsOn: { db: 'ready' } },
  },
}

describe('a running instance', () => {
  let runtime: Runtime
  let up: Running
  const environment = { KEY: 'hunter22', TOKEN_OF_MINE: 'x' }
  const run = (...words: readonly string[]): Promise<Finished> => runtime.run(words, environment)
  const states = async (): Promise<readonly ReturnType<typeof JSON.parse>[]> => JSON.parse((await run('status', '--json')).stdout).processes
  beforeAll(async () => {
    runtime = createRuntime(MANIFEST)
    writeFileSync(join(runtime.dir, 'app.env'), 'GREETING=hi\n')
    up = runtime.start(['up', '--env-file', 'app.env'], environment)
    await up.sees(/api +\| run/)
  })
  afterAll(() => runtime.dispose())

  test('wait returns when everything is ready, and gives up in time', async () => {
    expect((await run('wait')).status).toBe(0)
    const { status, stderr } = await run('wait', 'api', '--for', 'stopped', '--timeout', '200ms')
    expect(status).toBe(1)
    expect(stderr).toContain('cannot wait any longer until all are stopped: api is ready')
  })

  test('status shows every instance; numwatchers and numprocesses count', async () => {
    expect((await run('ps')).stdout).toMatch(/^demo \(instance default, pid \d+\)\nNAME +STATE +PID[^]*db +ready +\d+/)
    expect((await run('numwatchers')).stdout).toBe('2\n')
    expect((await run('numprocesses', 'DB')).stdout).toBe('1\n')
  })

  test('logs shows lines as they are wanted', async () => {
    expect((await run('logs')).stdout).toMatch(/^db +\| run \d+\napi +\| run \d+\n$/)
    expect((await run('logs', '-n', '1', '--no-prefix', 'db')).stdout).toMatch(/^run \d+\n$/)
    expect(JSON.parse((await run('logs', '--log-format', 'json', 'db')).stdout)).toMatchObject({ process: 'db', stream: 'out', seq: 1 })
    expect((await run('logs', 'none')).stderr).toContain('cannot find process "none"')
  })

  test('secrets are in nothing that is shown', async () => {
    const outputs = await Promise.all([run('plan'), run('plan', '--json'), run('config'), run('env'), run('options', 'api'), run('config', '--diff')])
    for (const { status, stdout } of outputs) {
      expect(status).toBe(0)
      expect(stdout).not.toContain('hunter22')
    }
    expect(outputs[0]?.stdout).toContain('MINE=x********\n')
    expect(readFileSync(join(runtime.runDir, 'demo/default/run/app.conf'), 'utf8')).toContain('hunter22')
  })

  test('signal goes to the processes that are named, and tells their pids', async () => {
    const [, api] = await states()
    expect((await run('signal', 'usr1', 'a*')).stdout).toBe(`${api.pid}\n`)
    await up.sees(/api +\| usr1/)
    expect((await run('signal', 'HUB', 'api')).stderr).toContain('cannot send "HUB": no such signal, did you mean "HUP"?')
  })

  test('incr, decr and scale change the number of instances', async () => {
    expect((await run('incr', 'db')).stdout).toBe('2\n')
    expect((await states())[0].instances.map(({ label }: { label: string }) => label)).toEqual(['db:1', 'db:2'])
    expect((await run('decr', 'db')).stdout).toBe('1\n')
    expect((await run('scale', 'db=0', 'db=1')).status).toBe(0)
    expect((await states())[0]).toMatchObject({ numprocesses: 1, instances: [{ state: 'ready' }] })
  })

  test('set changes a declaration live, get and options show it', async () => {
    const [before] = await states()
    expect((await run('set', 'db', 'graceful_timeout', '3', 'priority=1')).stdout).toBe(`kept ${before.pid}\n`)
    expect((await run('get', 'db', 'gracefulTimeout', 'priority', 'max_age')).stdout).toBe('gracefulTimeout: 3s\npriority: 1\nmax_age: not set\n')
    await run('set', 'db', 'environment.ADDED', 'yes', 'env.VERSION=1.0')
    const [after] = await states()
    expect(after.pid).not.toBe(before.pid)
    expect(readFileSync(`/proc/${after.pid}/environ`, 'utf8')).toMatch(/ADDED=yes[^]*VERSION=1\.0\0/)
    expect((await run('set', 'db', 'maxAge', 'soon')).stderr).toContain('processes.db.maxAge: expected a duration')
    expect((await run('get', 'db', 'maxAgee')).stderr).toContain('cannot get "maxAgee": no such option, did you mean "maxAge"?')
  })

  test('add declares, starts and is refused for a name that is there; rm forgets', async () => {
    expect((await run('add', 'extra', '--start', '/bin/sh', '-c', 'echo "I am $NIXPACK_PROCESS"; sleep 1000')).stdout).toMatch(/^started \d+\n$/)
    await up.sees(/I am extra/)
    expect((await run('add', 'EXTRA', '/bin/true')).stderr).toContain('cannot add "EXTRA": there is a process "extra"')
    const extra = (await states()).find(({ name }) => name === 'extra')
    expect((await run('rm', 'extra')).status).toBe(0)
    expect(isAlive(extra.pid)).toBe(false)
    expect((await states()).map(({ name }) => name)).toEqual(['db', 'api'])
  })

  test('what was added is not what the bundle is there for', async () => {
    expect((await run('add', 'brief', '--start', '/bin/true')).status).toBe(0)
    expect((await states()).find(({ name }) => name === 'brief')).toMatchObject({ state: 'completed' })
    expect((await run('rm', 'brief')).status).toBe(0)
  })

  test('run: a task with its words, its output and its status', async () => {
    expect(await run('run', 'alone', '--', '-v')).toMatchObject({ status: 3, stdout: 'alone x -v\n' })
    expect(await run('run', 'migrate')).toMatchObject({ status: 4, stdout: 'migrated\n', stderr: 'warned\n' })
    expect((await run('run', 'migrat')).stderr).toContain('cannot run "migrat": no such task')
  })

  test('exec: the environment of a process, our streams, the status', async () => {
    const { status, stdout } = await run('exec', 'api', 'sh', '-c', 'echo "$GREETING"; exit 7')
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'hi\n' })
    expect((await run('exec', 'no-such-program')).status).toBe(127)
    expect((await run('exec', 'sh', '-c', 'kill -9 $$')).status).toBe(137)
  })

  test('events, explain, stats and listsockets tell what there is', async () => {
    expect((await run('events')).stdout).toMatch(/api[^]*ready after/)
    expect((await run('explain', 'api')).stdout).toMatch(/^api is ready[^]*waits for:\n {2}db ready: met/)
    expect((await run('top')).stdout).toMatch(/^NAME +PID +CPU +MEMORY[^]*db(?::\d)? +\d+ +[\d.]+%[^]*\(supervisor\)/)
    expect(JSON.parse((await run('listsockets', '--json')).stdout)).toEqual([])
  })

  test('config --diff shows what reload would do; reload does it, and restarts only what is another', async () => {
    await run('reload')
    const before = await states()
    writeFileSync(join(runtime.dir, 'app.env'), 'GREETING=goodday\n')
    expect((await run('config', '--diff')).stdout).toBe('changed: api\n\n# app.conf\n- greeting = hi\n+ greeting = goodday\n  key = ********\n')
    expect((await run('reload')).stdout).toBe('changed: api\n')
    await run('wait')
    const after = await states()
    expect(after[0].pid).toBe(before[0].pid)
    expect(after[1].pid).not.toBe(before[1].pid)
    expect(readFileSync(join(runtime.runDir, 'demo/default/run/app.conf'), 'utf8')).toContain('goodday')
    expect((await run('reloadconfig')).stdout).toBe('nothing has changed\n')
  })

  test('a configuration that is wrong changes nothing', async () => {
    const before = await states()
    writeFileSync(join(runtime.dir, 'app.env'), 'not a variable\n')
    const { status, stderr } = await run('reload')
    expect(status).toBe(125)
    expect(stderr).toContain('line 1: expected NAME=VALUE')
    writeFileSync(join(runtime.dir, 'app.env'), 'GREETING=goodday\n')
    expect((await states()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  })

  test('SIGHUP reads the configuration again', async () => {
    writeFileSync(join(runtime.dir, 'app.env'), 'GREETING=goodnight\n')
    up.child.kill('SIGHUP')
    expect(await up.sees(/configuration read again: changed api/)).toHaveLength(1)
  })

  test('reload of a process replaces it; kill ends it, and it starts again', async () => {
    await run('wait')
    const [db] = await states()
    await run('reload', 'db')
    const [replaced] = await states()
    expect(replaced.pid).not.toBe(db.pid)
    expect((await run('kill', 'db', '--signum', 'KILL')).stdout).toMatch(new RegExp(`stopped ${replaced.pid}`))
    expect((await states())[0]).toMatchObject({ state: 'ready' })
  })

  test('--match: regular expressions and plain names', async () => {
    expect((await run('restart', '--match', 'regex', '^d.$')).status).toBe(0)
    expect((await run('restart', '--match', 'simple', 'd*')).stderr).toContain('cannot find process "d*"')
    expect((await run('restart', '--match', 'regex', '(')).status).toBe(2)
  })

  test('--no-wait returns at once', async () => {
    const slow = ['add', 'slow', '--start', '/bin/sh', '-c', 'trap "" TERM; exec sleep 1000']
    await run(...slow)
    const before = performance.now()
    expect(await run('stop', 'slow', '--no-wait')).toMatchObject({ status: 0, stdout: '' })
    expect(performance.now() - before).toBeLessThan(5000)
    expect((await states()).find(({ name }) => name === 'slow').state).toBe('stopping')
    await run('signal', 'KILL', 'slow')
    await run('rm', 'slow')
  })

  test('a refused command ends with 1, an unknown one with 2', async () => {
    expect((await run('restart', 'apj')).status).toBe(1)
    expect((await run('restrat')).status).toBe(2)
    expect((await run('--help')).status).toBe(0)
  })

  test('quit ends the bundle; then nobody answers', async () => {
    const follower = runtime.start(['logs', '-f', 'db'], environment)
    await follower.sees(/db +\| run/)
    expect((await run('quit')).status).toBe(0)
    expect((await up.finished).status).toBe(0)
    expect(await follower.finished).toMatchObject({ status: 0, stdout: expect.stringMatching(/bye/) })
    const { status, stderr } = await run('status')
    expect(status).toBe(1)
    expect(stderr).toContain('[NIXPACK_CONTROL_UNREACHABLE]')
  })
})

describe('no running instance', () => {
  let runtime: Runtime
  afterEach(() => runtime.dispose())

  test('exec and run work, and leave nothing behind', async () => {
    // Ready when its line is written, so that it is there whatever the task does.
    const db = { command: ['/bin/sh', '-c', 'echo run; echo >&3; exec sleep 1000'], ready: { fd: 3 } }
    runtime = createRuntime({ ...MANIFEST, processes: { ...MANIFEST.processes, db } })
    const { status, stdout } = await runtime.run(['exec', 'api', 'sh', '-c', 'echo "$GREETING"; exit 7'])
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'hello\n' })
    expect((await runtime.run(['exec', 'sh', '-c', 'echo $GREETING'])).stdout).toBe('hello\n')
    expect(await runtime.run(['run', 'alone', 'y'])).toMatchObject({ status: 3, stdout: 'alone x y\n' })
    const migrated = await runtime.run(['run', 'migrate'])
    expect(migrated).toMatchObject({ status: 4, stdout: 'migrated\n' })
    expect(migrated.stderr).toMatch(/db +\| run/)
    expect(migrated.stderr).not.toContain('api')
    expect(await runtime.run(['run', 'none'])).toMatchObject({ status: 2 })
    expect(existsSync(runtime.runDir) ? readdirSync(runtime.runDir) : []).toEqual([])
  })

  test('run: what a task depends on may have done all its work before the task begins; when that fails, it is told', async () => {
    const prepare = { command: ['/bin/sh', '-c', 'echo prepared'], oneshot: true, restart: 'never' }
    const seed = { command: ['/bin/sh', '-c', 'echo seeded; exit 4'], dependsOn: { prepare: 'completed_successfully' } }
    runtime = createRuntime({ processes: { prepare }, tasks: { seed } })
    expect(await runtime.run(['run', 'seed'])).toMatchObject({ status: 4, stdout: 'seeded\n', stderr: expect.stringContaining('prepared') })
    await runtime.dispose()
    runtime = createRuntime({ processes: { prepare: { ...prepare, command: ['/bin/false'] } }, tasks: { seed } })
    const { status, stderr } = await runtime.run(['run', 'seed'])
    expect(status).toBe(1)
    expect(stderr).toContain('cannot run task "seed": "prepare" ended, and it had to be completed successfully')
  })

  test('paths: every directory, and what has decided', async () => {
    runtime = createRuntime(MANIFEST)
    const { stdout } = await runtime.run(['paths', '--json', '--log-dir', '/l', '--state-dir=/s'], { NIXPACK_SPOOL_DIR: '/p' })
    const places: readonly { name: string }[] = JSON.parse(stdout)
    expect(places.map(({ name }) => name)).toEqual(['run', 'tmp', 'control socket', 'state', 'log', 'cache', 'spool', 'lock', 'lib'])
    expect(places.slice(3, 7)).toEqual([
      { name: 'state', path: '/s', from: '--state-dir' },
      { name: 'log', path: '/l', from: '--log-dir' },
      { name: 'cache', path: '/s/cache', from: 'below state' },
      { name: 'spool', path: '/p', from: 'NIXPACK_SPOOL_DIR' },
    ])
  })

  test('plan and config show no secret, however short', async () => {
    runtime = createRuntime(MANIFEST)
    for (const command of ['plan', 'config']) {
      const { stdout } = await runtime.run([command], { KEY: 'k7' })
      expect(stdout).toMatch(/key = \*{8}/)
      expect(stdout).not.toContain('key = k7')
    }
  })

  test('config --check tells all problems at once', async () => {
    runtime = createRuntime({ ...MANIFEST, env: { ...MANIFEST.env, PORT: { type: 'port' }, SIZE: { type: 'bytes' } } })
    expect((await runtime.run(['config', '--check'])).stdout).toBe('all is right: 2 processes, 1 configuration files\n')
    const { status, stderr } = await runtime.run(['config', '--check'], { PORT: 'x', SIZE: 'y' })
    expect(status).toBe(125)
    expect(stderr).toMatch(/PORT: expected[^]*SIZE: expected/)
  })

  test('up PROC starts it and what it depends on, and nothing else', async () => {
    runtime = createRuntime({ processes: { ...MANIFEST.processes, api: { command: SERVICE, dependsOn: { db: 'ready' } }, other: { command: SERVICE } } })
    const up = runtime.start(['up', 'api'])
    await up.sees(/api +\| run/)
    expect(JSON.parse((await runtime.run(['status', '--json'])).stdout).processes).toMatchObject([{ state: 'ready' }, { state: 'ready' }, { state: 'stopped' }])
    await runtime.run(['down'])
    expect((await runtime.run(['up', 'apj'])).stderr).toContain('there is no process "apj", did you mean "api"?')
  })
})

/** As the launcher does it: both streams and NIXPACK_DETACH_FD are one pipe, which it reads up to a NUL and a status. */
describe('up --detach', () => {
  let runtime: Runtime
  afterEach(async () => {
    await runtime.run(['down'])
    await runtime.dispose()
  })

  const detach = async (words: readonly string[]): Promise<{ text: string; status: number | null }> => {
    const probe = runtime.start(['--version'])
    const { spawnargs, spawnfile } = probe.child
    await probe.finished
    const env = { PATH: '/usr/bin:/bin', ...runtime.environment, NIXPACK_DETACH_FD: '3' }
    const script = 'exec 4>&1; exec "$@" 1>&4 2>&4 3>&4 4>&-'
    const child = spawn('/bin/sh', ['-c', script, 'sh', spawnfile, ...spawnargs.slice(1, 2), ...words], {
      cwd: runtime.dir,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    let text = ''
    child.stdout.setEncoding('latin1')
    for await (const chunk of child.stdout) {
      text += String(chunk)
      if (/\0./s.test(text)) break
    }
    if (text.includes('\0')) return { text: text.slice(0, text.indexOf('\0')), status: text.charCodeAt(text.indexOf('\0') + 1) }
    if (child.exitCode === null) await once(child, 'close')
    return { text, status: child.exitCode }
  }

  test('returns when it answers; its output goes to a log', async () => {
    runtime = createRuntime(MANIFEST)
    expect(await detach(['up', '-d', '--state-dir', 'state'])).toEqual({ text: '', status: 0 })
    expect((await runtime.run(['wait'])).status).toBe(0)
    await runtime.run(['down'])
    expect(readFileSync(join(runtime.dir, 'state/log/demo.log'), 'utf8')).toMatch(/api +\| run[^]*db +\| bye/)
  })

  test('--wait returns when everything is ready, or tells what is not', async () => {
    runtime = createRuntime({
      processes: {
        db: { command: SERVICE, ready: { logLine: 'run' } },
        bad: { command: ['/bin/sh', '-c', 'echo no luck; exit 3'], restartBurst: 1, restartDelay: '1ms', essential: false, ready: { logLine: 'never' } },
      },
    })
    const { text, status } = await detach(['up', '-d', '--wait', '--state-dir', 'state'])
    expect(status).toBe(1)
    expect(text).toMatch(/bad is failed/)
  })

  test('--wait returns with the status of a bundle that ends before it is ready', async () => {
    runtime = createRuntime({
      processes: { db: { command: SERVICE }, bad: { command: ['/bin/sh', '-c', 'echo no luck; exit 3'], restart: 'never', ready: { logLine: 'never' } } },
    })
    const { text, status } = await detach(['up', '-d', '--wait', '--state-dir', 'state'])
    expect(status).toBe(3)
    expect(text).toMatch(/no luck/)
  })

  test('a start that fails shows why, with its status', async () => {
    runtime = createRuntime({ ...MANIFEST, env: { ...MANIFEST.env, PORT: { type: 'port', required: true } } })
    const { text, status } = await detach(['up', '-d', '--state-dir', 'state'])
    expect(status).toBe(125)
    expect(text).toContain('PORT is not set')
  })

  test('without a launcher it is refused', async () => {
    runtime = createRuntime(MANIFEST)
    expect(await runtime.run(['up', '-d'])).toMatchObject({ status: 2, stderr: expect.stringContaining('behind the first word "up"') })
  })
})

// An instance runs once, whoever has taken the name of its lock.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resolveLockName } from '../../runtime/control/instance-lock.ts'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const uid = process.getuid?.() ?? 0
const SERVICE = ['/bin/sh', '-c', 'trap "exit 0" TERM; echo run; while :; do sleep 1000 & wait $!; done']
const NOBODY = 65_534

let runtime: Runtime
let squatter: ChildProcess | undefined
afterEach(async () => {
  squatter?.kill('SIGKILL')
  await runtime.dispose()
})

/** Listens under the name of the lock, and says what is not true. */
const squat = (): Promise<void> => listenAs(resolveLockName({ uid, bundle: 'demo', instance: 'default', runDir: runtime.runDir }).replace('\0', '@'))

const listenAs = async (address: string): Promise<void> => {
  // As somebody else only from within: Node may lie where nobody else can go.
  const program = `process.setgid(${NOBODY}); process.setuid(${NOBODY}); require("net").createServer((socket) => socket.on("error", () => {}).write("1\\n")).listen(process.argv[1].replace("@", "\\0"), () => console.log("listening"))`
  const child = spawn(process.execPath, ['-e', program, address], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
  squatter = child
  await once(child.stdout, 'data')
}

test('who runs already is named', async () => {
  runtime = createRuntime({ processes: { web: { command: SERVICE } } })
  const first = runtime.start()
  await first.sees(/\| run/)
  const { status, stderr } = await runtime.run([])
  expect(stderr).toContain(`cannot start "demo": instance "default" is already running (pid ${first.child.pid})  [NIXPACK_CONTROL_IN_USE]`)
  expect(status).toBe(125)
})

describe('another user has taken the name', () => {
  beforeEach(({ skip }) => skip(uid !== 0, 'only root can become another user'))

  test('it runs all the same, once, and down waits for its end', async () => {
    runtime = createRuntime({ processes: { web: { command: SERVICE } } })
    await squat()
    const first = runtime.start()
    await first.sees(/\| run/)
    expect(first.text()).toContain(`warning: user ${NOBODY} (pid ${squatter?.pid}) has taken the name by which this instance is locked`)
    expect(await runtime.run([])).toMatchObject({ status: 125, stderr: expect.stringContaining('is already running') })
    expect(await runtime.run(['down'])).toMatchObject({ status: 0 })
    expect(first.child.exitCode ?? (await first.finished).status).toBe(0)
  })

  test('of those who are started then one wins', async () => {
    runtime = createRuntime({ processes: { web: { command: SERVICE } } })
    await squat()
    const starts = Array.from({ length: 3 }, () => runtime.start())
    const winner = await Promise.any(starts.map(async (start) => (await start.sees(/\| run/), start)))
    const losers = starts.filter((start) => start !== winner)
    expect(await Promise.all(losers.map(async ({ finished }) => (await finished).status))).toEqual([125, 125])
  })

  test('and gives it back before the control socket is there: the lock file tells', async () => {
    runtime = createRuntime({ processes: { web: { command: SERVICE } } })
    await squat()
    const first = runtime.start()
    await first.sees(/\| run/)
    rmSync(join(runtime.runDir, 'demo/default/control.sock'))
    squatter?.kill('SIGKILL')
    await once(squatter ?? first.child, 'close')
    expect(await runtime.run([])).toMatchObject({ status: 125, stderr: expect.stringContaining(`is already running (pid ${first.child.pid})`) })
  })

  test('and gives it back: who has started meanwhile is still found', async () => {
    runtime = createRuntime({ processes: { web: { command: SERVICE } } })
    await squat()
    const first = runtime.start()
    await first.sees(/\| run/)
    squatter?.kill('SIGKILL')
    await once(squatter ?? first.child, 'close')
    expect(await runtime.run([])).toMatchObject({ status: 125, stderr: expect.stringContaining('is already running') })
    expect(await runtime.run(['status'])).toMatchObject({ status: 0 })
  })
})

/** Everything down to the socket is another user's. */
const squatSocket = async (): Promise<string> => {
  runtime = createRuntime({ processes: { web: { command: SERVICE } } })
  const instanceDir = join(runtime.runDir, 'demo/default')
  mkdirSync(instanceDir, { recursive: true })
  for (const path of [runtime.dir, runtime.runDir, join(runtime.runDir, 'demo'), instanceDir]) chmodSync(path, 0o755)
  for (const path of [runtime.runDir, join(runtime.runDir, 'demo'), instanceDir]) chownSync(path, NOBODY, NOBODY)
  await listenAs(join(instanceDir, 'control.sock'))
  return join(instanceDir, 'control.sock')
}

describe('another user listens in place of the control socket', () => {
  beforeEach(({ skip }) => skip(uid !== 0, 'only root can become another user'))

  test.each([['status'], ['exec', 'true'], ['down']])('%s does not speak to him', async (...words) => {
    const socketPath = await squatSocket()
    const { status, stderr } = await runtime.run(words)
    expect(stderr).toContain(`cannot use control socket "${socketPath}": it is not yours  [NIXPACK_CONTROL_UNREACHABLE]\n  hint: become the user`)
    expect(stderr).toContain(`  caused by: "${runtime.runDir}" belongs to user ${NOBODY}`)
    expect(status).toBe(1)
  })

  test('which is not taken for this instance when it starts', async () => {
    await squatSocket()
    const { stderr } = await runtime.run([])
    expect(stderr).toContain(`cannot make a private run directory:\n  - ${runtime.runDir}: "${runtime.runDir}" belongs to user ${NOBODY}`)
  })
})

test('what a killed run has left is nobody', async () => {
  runtime = createRuntime({ processes: { web: { command: ['/bin/sh', '-c', 'echo run; exec sleep 1000'] } } })
  const first = runtime.start()
  await first.sees(/\| run/)
  first.child.kill('SIGKILL')
  await first.finished
  expect((await runtime.start().sees(/\| run/))[0]).toBe('| run')
})

import { expect, test } from 'vitest'
import { HOOK_NAMES } from '../../../runtime/contract/manifest-schema.ts'
import type { HookName } from '../../../runtime/contract/manifest-schema.ts'
import type { CommandEnd, CommandRequest } from '../../../runtime/supervisor/probe-command.ts'
import { planHookEnvironment, runHook } from '../../../runtime/supervisor/hook.ts'

const RUN = {
  command: ['server'],
  program: '/bin/server',
  environment: { A: 'b', INVOCATION_ID: 'f'.repeat(32) },
  workingDir: '/srv',
  identity: { uid: 7, gid: 8, groups: [9] },
  umask: 0o22,
  nice: 3,
  oomScoreAdj: undefined,
  rlimits: ['nofile=10:20'],
}

const run = async (name: HookName, end: CommandEnd, ignoreFailure = false): Promise<{ isFine: boolean; reasons: string[]; requests: CommandRequest[] }> => {
  const reasons: string[] = []
  const requests: CommandRequest[] = []
  const isFine = await runHook({
    name,
    hook: { command: ['check', '-v'], ignoreFailure, timeoutMs: 500 },
    run: RUN,
    facts: { process: 'web', index: 2 },
    runCommand: (request) => {
      requests.push(request)
      return Promise.resolve(end)
    },
    report: (reason) => void reasons.push(reason),
  })
  return { isFine, reasons, requests }
}

const FAILED: CommandEnd = { kind: 'exit', exit: { kind: 'code', code: 3 } }

test('a hook runs as its process does, and says into its log', async () => {
  const { isFine, requests } = await run('beforeStart', { kind: 'exit', exit: { kind: 'code', code: 0 } })
  expect(isFine).toBe(true)
  expect(requests).toEqual([
    {
      run: {
        ...RUN,
        command: ['check', '-v'],
        program: undefined,
        environment: { ...RUN.environment, NIXPACK_HOOK: 'beforeStart', NIXPACK_PROCESS: 'web', NIXPACK_INDEX: '2' },
      },
      output: 'log',
      timeoutMs: 500,
    },
  ])
})

test.each(HOOK_NAMES.map((name) => [name, !['beforeStart', 'afterStart', 'beforeSpawn', 'afterSpawn', 'beforeSignal'].includes(name)] as const))(
  'the failure of %s is reported, and it goes on nevertheless: %s',
  async (name, goesOn) => {
    expect(await run(name, FAILED)).toMatchObject({ isFine: goesOn, reasons: [`hook ${name} exited with status 3`] })
    expect(await run(name, FAILED, true)).toMatchObject({ isFine: true, reasons: [`hook ${name} exited with status 3`] })
  },
)

test.each([
  [{ kind: 'timeout' }, ['hook beforeStart was killed: it took more than 500 ms']],
  [{ kind: 'exit', exit: { kind: 'signal', signal: 'SIGSEGV' } }, ['hook beforeStart was killed by SIGSEGV']],
  [{ kind: 'exit', exit: { kind: 'spawnFailed', status: 127, message: 'no such file' } }, ['hook beforeStart could not be started: no such file']],
  [{ kind: 'aborted' }, []],
] as const)('the end %j is a failure', async (end, reasons) => {
  expect(await run('beforeStart', end)).toMatchObject({ isFine: false, reasons })
})

test('the facts are in the environment, an end by signal as a negative number', () => {
  const facts = { process: 'web', index: 1, pid: 42 }
  expect(planHookEnvironment('afterReap', { ...facts, exit: { kind: 'signal', signal: 'SIGTERM' } })).toEqual({
    NIXPACK_HOOK: 'afterReap',
    NIXPACK_PROCESS: 'web',
    NIXPACK_INDEX: '1',
    NIXPACK_PID: '42',
    NIXPACK_EXIT_CODE: '-15',
  })
  expect(planHookEnvironment('afterReap', { ...facts, exit: { kind: 'code', code: 4 } })).toMatchObject({ NIXPACK_EXIT_CODE: '4' })
  expect(planHookEnvironment('afterReap', { ...facts, exit: { kind: 'spawnFailed', status: 126, message: '' } })).toMatchObject({ NIXPACK_EXIT_CODE: '126' })
  expect(planHookEnvironment('beforeSignal', { ...facts, signal: 'SIGHUP' })).toMatchObject({ NIXPACK_SIGNAL: 'SIGHUP' })
})

import { expect, test } from 'vitest'
import { planOptionChange, resolveOptionPath, setPart } from '../../../runtime/control/option-names.ts'

test.each([
  [{ gracefulTimeout: '5s' }, { gracefulTimeout: '5s' }, false],
  [{ graceful_timeout: 5 }, { gracefulTimeout: '5s' }, false],
  [{ max_age: '1.5' }, { maxAge: '1.5s' }, true],
  [{ stop_signal: 'int' }, { stopSignal: 'SIGINT' }, false],
  [{ stop_signal: 15 }, { stopSignal: 'SIGTERM' }, false],
  [{ send_hup: true }, { reload: { signal: 'SIGHUP' } }, false],
  [{ respawn: 'False' }, { restart: 'never' }, false],
  [{ singleton: 'yes' }, { singleton: true }, false],
  [{ priority: '3' }, { priority: 3 }, false],
  [{ cmd: 'sleep 5' }, { command: 'sleep 5' }, true],
  [{ args: '--port 1' }, { args: '--port 1' }, true],
  [{ uid: '1000' }, { user: 1000 }, true],
  [{ rlimit_nofile: '64' }, { rlimits: { nofile: 64 } }, true],
  [{ rlimit_core: '' }, { rlimits: { core: 'unlimited' } }, true],
  [{ env: 'A=1,B=x y' }, { environment: { A: '1', B: 'x y' } }, true],
  [{ 'environment.MY_NAME': 'x', 'environment.OTHER': 'y' }, { environment: { MY_NAME: 'x', OTHER: 'y' } }, true],
  [{ 'hooks.before_start': { command: ['true'] } }, { hooks: { beforeStart: { command: ['true'] } } }, false],
  [{ 'stdout_stream.file': '/tmp/x' }, { stdout: { file: '/tmp/x' } }, true],
])('%j means %j', (wanted, declaration, restarts) => {
  expect(planOptionChange(wanted)).toEqual({ declaration, parts: [], numprocesses: undefined, restarts })
})

test.each([
  [{ 'flapping.retry_in': '3s' }, { key: 'flapping', path: ['retryIn'], value: '3s' }, false],
  [{ 'dependsOn.my-db.1': 'ready' }, { key: 'dependsOn', path: ['my-db.1'], value: 'ready' }, false],
  [{ 'liveness.failureThreshold': 3 }, { key: 'liveness', path: ['failureThreshold'], value: 3 }, true],
])('%j changes that part only', (wanted, part, restarts) => {
  expect(planOptionChange(wanted)).toEqual({ declaration: {}, parts: [part], numprocesses: undefined, restarts })
  expect(setPart({ [part.key]: { other: 1 }, more: 2 }, part)).toEqual({ [part.key]: { other: 1, [part.path.join()]: part.value }, more: 2 })
})

test('the number of processes is no part of the declaration: it is set live', () => {
  expect(planOptionChange({ numprocesses: '3', graceful_timeout: 1 })).toEqual({
    declaration: { gracefulTimeout: '1s' },
    parts: [],
    numprocesses: 3,
    restarts: false,
  })
  expect(() => planOptionChange({ numprocesses: '-1' })).toThrow('expected a number from 0 to 1000, got -1')
})

test('an unknown option is refused with the nearest one', () => {
  expect(() => planOptionChange({ gracefulTimout: '5s' })).toThrow('cannot set "gracefulTimout": no such option, did you mean "gracefulTimeout"?')
})

test.each([
  ['numprocesses', ['numprocesses']],
  ['max_age', ['maxAge']],
  ['max-age', ['maxAge']],
  ['working_dir', ['workingDirectory']],
  ['environment.A_B', ['environment', 'A_B']],
  ['rlimit_nofile', ['rlimits', 'nofile']],
  ['hooks.before_start', ['hooks', 'beforeStart']],
  ['stdout_stream.filename', ['stdout', 'file']],
])('get finds %s', (option, path) => {
  expect(resolveOptionPath(option)).toEqual(path)
})

import { expect, test } from 'vitest'
import { planFirst, planParts } from '../../helpers/plan-context.ts'

const NASTY = 'a "b" \\ \'c\' \n$x `y` #\t\u0001é'
const ENV = { VALUE: { type: 'string', default: 'v' }, PORT: { type: 'port', default: 80 }, ADDRESS: { type: 'address', default: '[::1]:90' } }

const planOne = (declaration: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) =>
  planFirst({ env: ENV, processes: { p: { command: ['/bin/p', '@{nixpack:env.VALUE}'], ...declaration } } }, { environment })

test('a duration longer than a timer of Node can be is as long as one can be', () => {
  const { processes } = planParts({ processes: { a: { command: ['/bin/true'], gracefulTimeout: '40d' } } })
  expect(processes[0]?.stopSteps).toEqual([{ signal: 'SIGTERM', waitMs: 2_147_483_647 }])
})

test('arguments take any value as one word', () => {
  expect(planOne({}, { VALUE: NASTY }).run.command).toEqual(['/bin/p', NASTY])
})

test('a server on every interface is asked on the loopback one', () => {
  expect(planOne({ ready: { tcp: '@{nixpack:env.ADDRESS}' } }, { ADDRESS: ':90' }).ready?.check).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 90 })
})

test('values in a log line pattern match themselves', () => {
  const check = planOne({ ready: { logLine: '^on @{nixpack:env.VALUE}$' } }, { VALUE: 'a.*b' }).ready?.check
  expect(check?.kind === 'logLine' && [check.pattern.test('on a.*b'), check.pattern.test('on axxb')]).toEqual([true, false])
})

test('the environment is clean unless copied, and declared values win', () => {
  const environment = { PATH: '/bin', OTHER: 'x' }
  expect(planOne({ environment: { A: '@{nixpack:env.PORT}' } }, environment).run.environment).toEqual({ PATH: '/bin', A: '80' })
  expect(planOne({ copyEnv: true, environment: { OTHER: 'y' } }, environment).run.environment).toEqual({ PATH: '/bin', OTHER: 'y' })
})

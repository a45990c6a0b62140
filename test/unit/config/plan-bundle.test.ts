import { expect, test } from 'vitest'
import { planFirst, planParts } from '../../helpers/plan-context.ts'

const NASTY = 'a "b" \\ \'c\' \n$x `y` #\t\u0001é'
const ENV = {
  VALUE: { type: 'string', default: 'v' },
  PORT: { type: 'port', default: 80 },
  OTHER: { type: 'port', default: 81 },
  ADDRESS: { type: 'address', default: '[::1]:90' },
}

type Parts = Readonly<Record<string, unknown>>

const planOne = (declaration: Parts, environment: Readonly<Record<string, string>> = {}) =>
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
  const environment = { PATH: '/bin', OTHER: '8' }
  expect(planOne({ environment: { A: '@{nixpack:env.PORT}' } }, environment).run.environment).toEqual({ PATH: '/bin', A: '80' })
  expect(planOne({ copyEnv: true, environment: { OTHER: 'y' } }, environment).run.environment).toEqual({ PATH: '/bin', OTHER: 'y' })
})

test('sockets of every kind', () => {
  const sockets = {
    a: { tcp: '@{nixpack:env.ADDRESS}', reusePort: true, interface: 'lo' },
    b: { udp: ':0', backlog: 7 },
    c: { unix: '@{nixpack:dir.run}/c.sock', mode: '0660', umask: '7', replace: true },
    d: { unixgram: 'd.sock' },
  }
  expect(planParts({ env: ENV, sockets: { ...sockets, c: { ...sockets.c, umask: '007' } } }).sockets).toEqual([
    {
      name: 'a',
      address: { kind: 'tcp', host: '::1', port: 90 },
      mode: undefined,
      umask: undefined,
      backlog: 2048,
      reusePort: true,
      replace: false,
      interface: 'lo',
    },
    {
      name: 'b',
      address: { kind: 'udp', host: '', port: 0 },
      mode: undefined,
      umask: undefined,
      backlog: 7,
      reusePort: false,
      replace: false,
      interface: undefined,
    },
    {
      name: 'c',
      address: { kind: 'unix', path: '/r/demo/default/run/c.sock' },
      mode: 0o660,
      umask: 0o7,
      backlog: 2048,
      reusePort: false,
      replace: true,
      interface: undefined,
    },
    {
      name: 'd',
      address: { kind: 'unixgram', path: '/w/d.sock' },
      mode: undefined,
      umask: undefined,
      backlog: 2048,
      reusePort: false,
      replace: false,
      interface: undefined,
    },
  ])
})

test('values that are no addresses are refused, each by the name of its socket', () => {
  const parts = { env: ENV, sockets: { a: { tcp: '@{nixpack:env.VALUE}' }, b: { unix: `/@{nixpack:env.VALUE}` }, c: { udp: '@{nixpack:env.VALUE}' } } }
  expect(() => planParts(parts, { environment: { VALUE: 'x'.repeat(120) } })).toThrow(
    /socket "a": expected host:port[^]*socket "b": the path "[^]*longer than 107 bytes[^]*socket "c"/,
  )
})

test('tasks are planned like processes', () => {
  const { tasks } = planParts({
    env: ENV,
    sockets: { s: { tcp: ':0' } },
    processes: { p: { command: ['x'] } },
    tasks: { migrate: { command: ['m', '@{nixpack:process.name}', '@{nixpack:socket.s.port}'], dependsOn: { p: 'ready' }, nice: 3 } },
  })
  expect(tasks[0]?.dependsOn).toEqual({ p: { condition: 'ready', restart: false } })
  const run = tasks[0]?.planRun({ index: 1, socketAddresses: new Map([['s', { host: '', port: 5 }]]) })
  expect(run).toMatchObject({ command: ['m', 'migrate', '5'], nice: 3 })
})

test('the exit policy, heartbeats and the pid file', () => {
  const plan = planParts({
    env: ENV,
    processes: { p: { command: ['x'] } },
    exitPolicy: { process: 'p' },
    pidFile: '@{nixpack:dir.run}/pid',
    heartbeats: [{ udp: '127.0.0.1:@{nixpack:env.PORT}', processes: ['p'], interval: '2s' }],
  })
  expect(plan).toMatchObject({ exitPolicy: { process: 'p' }, pidFilePath: '/r/demo/default/run/pid' })
  expect(plan.heartbeats).toMatchObject([{ host: '127.0.0.1', port: 80, processes: ['p'], intervalMs: 2000, maxCount: 3 }])
  expect(plan.heartbeats?.[0]?.pattern.exec('12;34')?.groups?.['pid']).toBe('12')
})

test('what is wrong with several of them is told at once', () => {
  const processes = { a: { command: ['x'], user: 'nobody-knows' }, b: { command: ['x'], ready: { tcp: '@{nixpack:env.VALUE}' } } }
  const plan = () => planParts({ env: ENV, processes, tasks: { t: { command: ['x'], user: 'www' } } })
  expect(plan).toThrow(
    /cannot plan the processes:\n {2}- cannot run "a"[^]*\n {2}- cannot tell when "b" is ready[^]*\n {2}- cannot run "t" as user "www": we run as user 7/,
  )
})

const listen = (name: string): Parts => ({ command: ['x'], ready: { tcp: `127.0.0.1:@{nixpack:env.${name}}` } })

test.each<[string, Parts, RegExp]>([
  ['two processes', { processes: { a: listen('PORT'), b: listen('OTHER') } }, /process "a" and process "b" want the same address, 127.0.0.1:80/],
  [
    'two sockets',
    { sockets: { a: { tcp: ':@{nixpack:env.PORT}' }, b: { tcp: '[::1]:@{nixpack:env.OTHER}' } } },
    /socket "a" and socket "b" want the same address, \[::1\]:80/,
  ],
  ['a socket and a process without it', { sockets: { s: { tcp: ':@{nixpack:env.PORT}' } }, processes: { b: listen('OTHER') } }, /socket "s" and process "b"/],
])('%s with one address, once values are filled in', (_, parts, problem) => {
  expect(() => planParts({ env: ENV, ...parts }, { environment: { OTHER: '80' } })).toThrow(problem)
  expect(() => planParts({ env: ENV, ...parts })).not.toThrow()
})

test('the ports of later instances count, too', () => {
  const counted = { command: ['x'], numprocesses: 3, ready: { tcp: ':@{nixpack:env.PORT|offset}' } }
  expect(() => planParts({ env: ENV, processes: { a: counted, b: listen('OTHER') } })).toThrow(
    'process "a:2" and process "b" want the same address, 127.0.0.1:81',
  )
  expect(() => planParts({ env: ENV, processes: { a: counted, b: listen('OTHER') } }, { environment: { OTHER: '83' } })).not.toThrow()
})

test('heartbeats have an address of their own', () => {
  const parts = { env: ENV, sockets: { s: { udp: '127.0.0.1:80' } }, heartbeats: [{ udp: ':@{nixpack:env.PORT}', processes: [] }] }
  expect(() => planParts(parts)).toThrow('socket "s" and the heartbeats want the same address, :80')
})

test('a process may be asked at the address of a socket that it has, as may those it shares it with', () => {
  const sockets = { s: { tcp: ':@{nixpack:env.PORT}' } }
  const processes = { a: { ...listen('PORT'), sockets: ['s'] }, b: { ...listen('OTHER'), stdin: { socket: 's' } } }
  expect(() => planParts({ env: ENV, sockets, processes }, { environment: { OTHER: '80' } })).not.toThrow()
})

test('tcp and udp do not meet, nor do paths and ports', () => {
  const sockets = { a: { tcp: ':80' }, b: { udp: ':80' }, c: { unix: '/80' } }
  expect(() => planParts({ sockets })).not.toThrow()
})

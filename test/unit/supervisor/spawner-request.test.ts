import { expect, test } from 'vitest'
import { planListenFields, planSpawnFields, planSuccessorFields } from '../../../runtime/supervisor/spawner-request.ts'
import type { SpawnRequest } from '../../../runtime/supervisor/spawner.ts'
import { createInstanceSpec } from '../../helpers/process-spec.ts'

const request: SpawnRequest = {
  run: createInstanceSpec().run,
  stdin: 'null',
  stdout: 'null',
  stderr: 'null',
  fifosDir: '/run',
  sockets: [],
  notifySocketPath: undefined,
  readyFd: undefined,
}

test('what is not declared is not asked for', () => {
  expect(planSpawnFields(request, '/run/p1')).toEqual(['cwd=/', 'arg=/bin/true', 'stdin=null', 'stdout=null', 'stderr=null'])
})

test('what is to end with the child is asked for by name', () => {
  expect(planSpawnFields({ ...request, background: 'ends' }, '/run/p1')).toContain('background=ends')
})

test('everything that is declared is asked for, words as they are', () => {
  const run: SpawnRequest['run'] = {
    command: ['a', '--', '', 'uid=0'],
    program: '/bin/a',
    environment: { A: '1=2', B: '' },
    workingDir: '/w',
    identity: { uid: 1, gid: 2, groups: [3, 4] },
    umask: 0o27,
    nice: -5,
    oomScoreAdj: 0,
    rlimits: ['nofile=1:2', 'core=unlimited:unlimited'],
  }
  const fields = planSpawnFields(
    { ...request, run, stdin: { socket: 'web' }, stdout: 'pipe', stderr: 'inherit', sockets: ['web', 'db'], notifySocketPath: '/n', readyFd: 5 },
    '/run/p1',
  )
  const words = ['arg=a', 'arg=--', 'arg=', 'arg=uid=0']
  const attributes = [
    'cwd=/w',
    'uid=1',
    'gid=2',
    'groups=3,4',
    'umask=27',
    'nice=-5',
    'oom-score-adj=0',
    'rlimit=nofile=1:2',
    'rlimit=core=unlimited:unlimited',
  ]
  const streams = ['stdin=socket:web', 'stdout=fifo', 'stderr=inherit', 'fifo-dir=/run/p1']
  const descriptors = ['socket=web', 'socket=db', 'notify=/n', 'ready-fd=5']
  const all = [...words, 'program=/bin/a', 'env=A=1=2', 'env=B=', ...attributes, ...streams, ...descriptors]
  expect(fields.toSorted()).toEqual(all.toSorted())
  expect(fields.filter((field) => field.startsWith('arg='))).toEqual(words)
})

test('a user without further groups gives up ours', () => {
  expect(planSpawnFields({ ...request, run: { ...request.run, identity: { uid: 1, gid: 2, groups: [] } } }, '/run/p1')).toContain('groups=')
})

const socket = { name: 'web', mode: undefined, umask: undefined, backlog: 9, reusePort: false, replace: false, interface: undefined } as const

test.each([
  [{ ...socket, address: { kind: 'tcp', host: 'localhost', port: 80 } }, '127.0.0.1', ['kind=tcp', 'host=127.0.0.1', 'port=80', 'backlog=9']],
  [
    { ...socket, address: { kind: 'unix', path: '/s' }, mode: 0o660, umask: 0o77, replace: true },
    undefined,
    ['kind=unix', 'path=/s', 'mode=660', 'umask=77', 'backlog=9', 'replace=1'],
  ],
  [
    { ...socket, address: { kind: 'udp', host: '::', port: 0 }, reusePort: true, interface: 'lo' },
    '::',
    ['kind=udp', 'host=::', 'port=0', 'backlog=9', 'reuse-port=1', 'interface=lo'],
  ],
] as const)('a socket: %j', (spec, host, fields) => {
  expect(planListenFields(spec, host)).toEqual(fields)
})

test('a successor is named with the ends after which it is none', () => {
  expect(planSuccessorFields({ id: '9', unless: [0, 'SIGTERM'] }, ['arg=a'])).toEqual(['next=9', 'unless-code=0', 'unless-signal=15', 'arg=a'])
})

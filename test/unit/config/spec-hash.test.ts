import { expect, test } from 'vitest'
import { planParts } from '../../helpers/plan-context.ts'

const ENV = { A: { type: 'string', default: 'a' }, B: { type: 'string', default: 'b' } }
const FILES = { outer: { text: 'include @{nixpack:file.inner}' }, inner: { text: 'b = @{nixpack:env.B}' }, other: { text: '@{nixpack:env.A}' } }

type Parts = Readonly<Record<string, unknown>>

const hashOf = (declaration: Parts, environment: Readonly<Record<string, string>> = {}, others: Parts = {}) => {
  const parts = { env: ENV, files: FILES, processes: { p: { command: ['/bin/p', '@{nixpack:file.outer}'], ...declaration } }, ...others }
  return planParts(parts, { environment }).processes[0]?.hash
}

const withSockets = (backlog: number): Parts => ({ sockets: { s: { tcp: ':80', backlog }, t: { tcp: ':81' } } })

const BEFORE = hashOf({})

test('the same is the same, whatever the order of its keys', () => {
  expect(hashOf({})).toBe(BEFORE)
  expect(hashOf({ environment: { X: '1', Y: '2' } })).toBe(hashOf({ environment: { Y: '2', X: '1' } }))
})

test.each<[Readonly<Record<string, unknown>>]>([
  [{ command: ['/bin/p'] }],
  [{ environment: { X: '1' } }],
  [{ rlimits: { nofile: 10 } }],
  [{ workingDirectory: '/' }],
  [{ maxAge: '1h' }],
  [{ umask: '077' }],
])('%j is another process', (declaration) => {
  expect(hashOf(declaration)).not.toBe(BEFORE)
})

test.each<[Readonly<Record<string, unknown>>]>([[{ numprocesses: 3 }], [{ description: 'x' }], [{ stopSignal: 'SIGINT' }], [{ flapping: { attempts: 4 } }]])(
  '%j changes nothing for a process that runs',
  (declaration) => {
    expect(hashOf(declaration)).toBe(BEFORE)
  },
)

test('a file that it refers to counts, also through another file; one that it does not refer to does not', () => {
  expect(hashOf({}, { B: 'changed' })).not.toBe(BEFORE)
  expect(hashOf({}, { A: 'changed' })).toBe(BEFORE)
})

test('a variable that it gets counts', () => {
  expect(hashOf({}, { PATH: '/elsewhere' })).not.toBe(BEFORE)
  expect(hashOf({}, { UNKNOWN: 'x' })).toBe(BEFORE)
  expect(hashOf({ copyEnv: true }, { UNKNOWN: 'x' })).not.toBe(hashOf({ copyEnv: true }))
})

test('an option of a socket that it is passed counts', () => {
  expect(hashOf({ sockets: ['s'] }, {}, withSockets(1))).not.toBe(hashOf({ sockets: ['s'] }, {}, withSockets(2)))
  expect(hashOf({ sockets: ['t'] }, {}, withSockets(1))).toBe(hashOf({ sockets: ['t'] }, {}, withSockets(2)))
})

import { expect, test } from 'vitest'
import { parseManifest } from '../../../runtime/contract/manifest.ts'
import { createManifest } from '../../helpers/manifest.ts'

const problemsOf = (parts: Readonly<Record<string, unknown>>): string => {
  try {
    createManifest(parts)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const process = (parts: Readonly<Record<string, unknown>>) => ({ processes: { a: { command: ['/bin/true'], ...parts } } })

test('defaults are filled in', () => {
  expect(createManifest(process({})).processes['a']).toMatchObject({
    copyEnv: false,
    restart: 'on-failure',
    stopSignal: 'SIGTERM',
    gracefulTimeout: '10s',
    essential: true,
  })
})

test('a text that is not JSON, and another version, are named', () => {
  expect(() => parseManifest('{', '/x/manifest.json')).toThrow('cannot read manifest "/x/manifest.json": it is not JSON')
  expect(problemsOf({ version: 2 })).toContain('version: expected 1')
})

test.each([
  [{ processes: { ['__proto__']: { command: ['/bin/true'] } } }, 'processes.__proto__: nothing can be called "__proto__"'],
  [process({ environment: { ['__proto__']: 'x' } }), 'processes.a.environment.__proto__: nothing'],
  [{ files: { a: { format: 'json', value: { b: [{ ['__proto__']: 1 }] } } } }, 'files.a.value.b.0.__proto__: nothing'],
])('a name that would be lost is refused: %j', (parts, message) => {
  expect(problemsOf(parts)).toContain(message)
})

test('names that every object of JavaScript knows are names like others', () => {
  const { processes } = createManifest({ processes: { constructor: { command: ['a'] }, toString: { command: ['b'], dependsOn: { constructor: 'ready' } } } })
  expect(Object.keys(processes)).toEqual(['constructor', 'toString'])
  expect(problemsOf(process({ dependsOn: { toString: 'ready' } }))).toContain('unknown process "toString"')
})

test('all problems are told at once', () => {
  const text = problemsOf({ name: 'a b', env: { 'A-B': { type: 'strng' } }, ...process({ restartBurst: -2 }) })
  expect(text).toContain('name: expected a name')
  expect(text).toContain('env.A-B: expected a variable name')
  expect(text).toContain('processes.a.restartBurst: expected -1 or more')
})

test.each([
  [{ proceses: {} }, 'top level: unknown key "proceses", did you mean "processes"?'],
  [{ env: { A: { type: 'string', defualt: 'x' } } }, 'env.A: unknown key "defualt", did you mean "default"?'],
  [process({ dependsOnn: {} }), 'processes.a: unknown key "dependsOnn", did you mean "dependsOn"?'],
  [process({ ready: { tpc: 'x' } }), 'processes.a.ready: unknown key "tpc", did you mean "tcp"?'],
  [{ env: { A: { type: 'integer', default: 'x' } } }, 'env.A.default: expected a whole number'],
  [{ env: { A: { type: 'integer', default: 1, min: 2 } } }, 'env.A.default: expected a whole number not below 2'],
  [{ env: { A: { type: 'string', min: 2 } } }, 'env.A.min: not a limit for type "string"'],
  [{ env: { A: { type: 'enum' } } }, 'env.A: "values" belongs to type "enum"'],
  [{ files: { f: { text: 'x', format: 'json', value: 1 } } }, 'files.f: expected either "text", or "format" with "value"'],
  [{ files: { f: { format: 'json' } } }, 'files.f: expected either'],
  [{ files: { f: { text: '@{nixpack:env.B}' } } }, 'files.f: unknown variable "B" in "@{nixpack:env.B}"'],
  [{ files: { f: { text: '@{nixpack:env}' } } }, 'files.f: malformed placeholder in "@{nixpack:env}"'],
  [{ files: { f: { text: 'a @{nixpack:dir.run' } } }, 'files.f: malformed placeholder in "@{nixpack:dir.run"'],
  [{ files: { f: { text: '@{nixpack:dir.run|shel}' } } }, 'malformed placeholder'],
  [{ files: { f: { format: 'json', value: { a: ['@{nixpack:file.g}'] } } } }, 'unknown file "g"'],
  [{ env: { A: { type: 'port' } }, files: { f: { text: '@{nixpack:env.A.host}' } } }, '".host" of a variable that is neither'],
  [{ env: { S: { type: 'secret' } }, ...process({ command: ['x', '-p@{nixpack:env.S}'] }) }, 'the secret "S" would be visible'],
  [{ env: { S: { type: 'secret' } }, ...process({ workingDirectory: '/x/@{nixpack:env.S}' }) }, 'the secret "S" would be visible'],
  [{ env: { S: { type: 'secret' } }, ...process({ ready: { tcp: '@{nixpack:env.S}' } }) }, 'the secret "S" would be visible'],
  [{ name: 'n'.repeat(41) }, 'name: expected a name of at most 40'],
  [process({ command: [] }), 'processes.a.command: expected a command of at least one word'],
  [process({ command: ['a\0b'] }), 'expected text without NUL bytes'],
  [process({ gracefulTimeout: '10' }), 'processes.a.gracefulTimeout: expected a duration'],
  [process({ ready: { tcp: 'x:1', unix: '/x' } }), 'processes.a.ready: expected exactly one of'],
  [process({ ready: { logLine: '(' } }), 'processes.a.ready.logLine: not a regular expression'],
  [process({ dependsOn: { b: 'ready' } }), 'processes.a.dependsOn: unknown process "b"'],
  [process({ dependsOn: { a: 'ready' } }), 'processes: "a" depends on "a": a cycle'],
  [{ exitPolicy: { process: 'b' } }, 'exitPolicy.process: unknown process "b"'],
  [{ exitPolicy: 'never' }, 'exitPolicy: expected "essential", "first-failure" or { "process": NAME }'],
])('%j: %s', (parts, problem) => {
  expect(problemsOf(parts)).toContain(problem)
})

test('a cycle over several processes is shown whole', () => {
  const processes = { a: process({ dependsOn: { b: 'ready' } }), b: process({ dependsOn: { c: 'ready' } }), c: process({ dependsOn: { b: 'ready' } }) }
  const flat = Object.fromEntries(
    Object.entries(processes).map(
      ([
        name,
        {
          processes: { a },
        },
      ]) => [name, a],
    ),
  )
  expect(problemsOf({ processes: flat })).toContain('"b" depends on "c" depends on "b": a cycle')
})

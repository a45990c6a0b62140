import { expect, test } from 'vitest'
import { parseArguments } from '../../../runtime/commands/arguments.ts'
import { COMMANDS, GLOBAL_OPTIONS } from '../../../runtime/commands/table.ts'
import type { OptionDeclaration } from '../../../runtime/commands/table.ts'

const parse = (...words: readonly string[]) => parseArguments(words)

test('nothing means up', () => {
  expect(parse()).toEqual({ command: 'up', instance: 'default', flags: new Set(), values: new Map(), timeoutMs: undefined, operands: [] })
})

test('options may stand anywhere, in every spelling', () => {
  expect(parse('logs', '-f', 'redis', '--instance=two')).toEqual(parse('--instance', 'two', 'logs', 'redis', '--follow'))
})

test('an alias is the command', () => {
  expect(parse('ps', '--json')).toMatchObject({ command: 'status', flags: new Set(['--json']) })
})

test.each([
  [['statsu'], 'unknown command "statsu", did you mean "status"?'],
  [['--instnce', 'a'], 'unknown option "--instnce", did you mean "--instance"?'],
  [['down', 'redis'], 'unexpected argument "redis" of the command "down"'],
  [['explain'], 'the command "explain" needs PROC'],
  [['signal', 'TERM'], 'the command "signal" needs SIGNAL PROC...'],
  [['status', '--timeout', 'soon'], 'expected a duration such as 500ms, 10s or 5m, got "soon"'],
  [['config', 'a', 'b'], 'unexpected argument "b"'],
  [['down', '--json'], 'the command "down" has no option "--json"'],
  [['--instance'], 'option "--instance" needs a value'],
  [['--help=yes'], 'option "--help" takes no value'],
  [['--instance', '../x'], 'expected an instance name'],
])('%j is refused: %s', (words, message) => {
  expect(() => parseArguments(words)).toThrow(message)
})

test('behind the name of another program everything is its own', () => {
  expect(parse('exec', '--env-file', 'x', 'redis', 'ls', '-l', '--json')).toMatchObject({
    command: 'exec',
    values: new Map([['--env-file', ['x']]]),
    operands: ['redis', 'ls', '-l', '--json'],
  })
  expect(parse('run', 'migrate', '--', '--help')).toMatchObject({ command: 'run', flags: new Set(), operands: ['migrate', '--help'] })
  expect(parse('add', 'web', '--start', 'server', '-p', '1')).toMatchObject({ flags: new Set(['--start']), operands: ['web', 'server', '-p', '1'] })
})

test('options may be given several times, and by the names that circus has for them', () => {
  expect(parse('--env-file=a', '--env-file', 'b').values).toEqual(new Map([['--env-file', ['a', 'b']]]))
  expect(parse('stop', '--waiting')).toEqual(parse('stop', '--wait'))
  expect(parse('quit', '--timeout', '5')).toMatchObject({ command: 'down', timeoutMs: 5000 })
  expect(parse('wait', '--timeout', '1m30s')).toMatchObject({ timeoutMs: 90_000 })
})

test('no two commands, and no two options of a command, have the same name', () => {
  const names = COMMANDS.flatMap((command): readonly string[] => ['aliases' in command ? command.aliases : [], command.name].flat())
  expect(names).toHaveLength(new Set(names).size)
  for (const { options } of COMMANDS) {
    const declared: readonly OptionDeclaration[] = [...GLOBAL_OPTIONS, ...options]
    const flags = declared.flatMap(({ flag, short, aliases = [] }) => [flag, ...(short === undefined ? [] : [short]), ...aliases])
    expect(flags).toHaveLength(new Set(flags).size)
  }
})

test('a name of an option means the same flag, and the same kind of option, wherever it is declared', () => {
  const all: readonly OptionDeclaration[] = [...GLOBAL_OPTIONS, ...COMMANDS.flatMap(({ options }): readonly OptionDeclaration[] => options)]
  const meanings = all.flatMap(({ flag, short, aliases = [], value }) => [flag, short ?? flag, ...aliases].map((name) => `${name} ${flag} ${value ?? ''}`))
  const names = new Set(meanings.map((meaning) => meaning.split(' ')[0]))
  expect(new Set(meanings).size).toBe(names.size)
})

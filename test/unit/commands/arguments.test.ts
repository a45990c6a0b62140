import { expect, test } from 'vitest'
import { parseArguments } from '../../../runtime/commands/arguments.ts'

const parse = (...words: readonly string[]) => parseArguments(words)

test('nothing means up', () => {
  expect(parse()).toEqual({ command: 'up', instance: 'default', flags: new Set(), operands: [] })
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
  [['up', 'redis'], 'unexpected argument "redis" of the command "up"'],
  [['config', 'a', 'b'], 'unexpected argument "b"'],
  [['down', '--json'], 'the command "down" has no option "--json"'],
  [['--instance'], 'option "--instance" needs a value'],
  [['--help=yes'], 'option "--help" takes no value'],
  [['--instance', '../x'], 'expected an instance name'],
])('%j is refused: %s', (words, message) => {
  expect(() => parseArguments(words)).toThrow(message)
})

import { expect, test } from 'vitest'
import { mergeDeclaration } from '../../../runtime/commands/merge-declaration.ts'

const DECLARED = { command: ['/bin/server', '--port', '1'], environment: { A: '1', B: '2' }, maxAge: '1h' }

test.each([
  [{ command: 'sleep "1 2"' }, { ...DECLARED, command: ['sleep', '1 2'] }],
  [{ command: ['x'] }, { ...DECLARED, command: ['x'] }],
  [{ args: '--port 2' }, { ...DECLARED, command: ['/bin/server', '--port', '2'] }],
  [{ environment: { B: '3' } }, { ...DECLARED, environment: { A: '1', B: '3' } }],
  [{ environment: { B: '3' } }, { ...DECLARED, environment: { A: '1', B: '3' } }],
  [{ rlimits: { nofile: 3 } }, { ...DECLARED, rlimits: { nofile: 3 } }],
  [{ maxAge: '2h' }, { ...DECLARED, maxAge: '2h' }],
  [{ hooks: { beforeStart: '/bin/wait 5' } }, { ...DECLARED, hooks: { beforeStart: { command: ['/bin/wait', '5'] } } }],
  [{ stdout: { filename: 'x', class: 'FileStream', maxBytes: 5 } }, { ...DECLARED, stdout: { file: 'x', maxBytes: '5' } }],
  [{ stdout: 'null' }, { ...DECLARED, stdout: 'null' }],
  [{ command: "it's" }, { ...DECLARED, command: ["it's"] }],
])('%j', (given, expected) => {
  expect(mergeDeclaration(DECLARED, given)).toEqual(expected)
})

test('a new declaration is what is given', () => {
  expect(mergeDeclaration({}, { command: ['x', 'y'] })).toEqual({ command: ['x', 'y'] })
})

import { expect, test } from 'vitest'
import { renderTable } from '../../../runtime/commands/text-table.ts'

test('columns are as wide as their widest cell, and nothing follows the last word', () => {
  expect(
    renderTable([
      ['NAME', 'STATE', ''],
      ['a', 'ready', ''],
      ['longer', 'x', 'y'],
    ]),
  ).toEqual(['NAME    STATE', 'a       ready', 'longer  x      y'])
})

test('what a program calls itself stays text, and in its row', () => {
  expect(renderTable([['-c import os\nos.fork()\t#', '\u001B[31mred\u0007', '\u202Etxt']])).toEqual(['-c import os os.fork() #  ?[31mred?  ?txt'])
})

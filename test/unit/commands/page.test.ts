import { expect, test } from 'vitest'
import { fitPage } from '../../../runtime/commands/page.ts'

const LINES = ['NAME  CPU', 'a     1', 'b     2', 'c     3']

test.each([
  [{ columns: 80, rows: 24 }, LINES],
  [{ columns: 4, rows: 4 }, ['NAME', 'a   ', 'b   ', 'c   ']],
  [{ columns: 10, rows: 3 }, ['NAME  CPU', 'a     1', '(2 more)']],
  [{ columns: 2, rows: 1 }, ['(4']],
  [{ columns: 0, rows: 0 }, LINES],
])('a window of %j', (window, page) => {
  expect(fitPage(LINES, window)).toEqual(page)
})

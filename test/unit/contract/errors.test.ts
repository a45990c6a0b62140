import { expect, test } from 'vitest'

import { exitStatusOf, NixpackError, renderError } from '../../../runtime/contract/errors.ts'

test('an error is printed with code, hint and every cause', () => {
  const error = new NixpackError('NIX_FAILED', 'cannot build "x"', { hint: 'try again', cause: new Error('outer', { cause: new Error('inner') }) })
  expect(renderError(error, 'nixpack')).toBe('nixpack: cannot build "x"  [NIXPACK_NIX_FAILED]\n  hint: try again\n  caused by: outer\n  caused by: inner')
})

test('the exit status is that of the code, and 70 for a bug', () => {
  expect(exitStatusOf(new NixpackError('ENV_INVALID', 'x'))).toBe(125)
  expect(exitStatusOf(new NixpackError('USAGE_INVALID', 'x'))).toBe(2)
  expect(exitStatusOf(new Error('x'))).toBe(70)
  expect(exitStatusOf('x')).toBe(70)
})

test('a bug is printed with its stack', () => {
  expect(renderError(new Error('boom'), 'nixpack')).toMatch(/internal error, please report it\nError: boom\n\s+at /)
})

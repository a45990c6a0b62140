import { expect, test } from 'vitest'

import { frameCacheDir } from '../../../src/archive/frame-cache.ts'

test.each([
  [{ NIXPACK_FRAME_CACHE: '/f', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/f'],
  [{ NIXPACK_FRAME_CACHE: '', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/nixpack/frames'],
  [{ XDG_CACHE_HOME: '', HOME: '/h' }, '/h/.cache/nixpack/frames'],
])('the frame cache of %o is %s: an empty variable counts as not set', (environment, dir) => {
  expect(frameCacheDir(environment)).toBe(dir)
})

import { expect, test } from 'vitest'

import { readRuntime } from '../../src/sea/runtime-tree.ts'

test('a runtime that was not built is named, with what builds it', async () => {
  await expect(readRuntime('/nonexistent', 'aarch64-linux', '1.0')).rejects.toMatchObject({
    code: 'RUNTIME_MISSING',
    message: expect.stringContaining('aarch64-linux'),
    hint: 'build it with: make runtime',
  })
})

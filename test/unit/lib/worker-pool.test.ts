import { expect, test } from 'vitest'

import { mapParallel } from '../../../src/lib/worker-pool.ts'

test('results are in the order of the items, whatever finishes first', async () => {
  const done: (() => void)[] = []
  const results = mapParallel([3, 1, 2], 3, async (item) => {
    await new Promise<void>((resolve) => done.push(resolve))
    return item * 10
  })
  for (const finish of done.toReversed()) finish()
  expect(await results).toEqual([30, 10, 20])
})

test('no more than the limit is under way', async () => {
  let running = 0
  let most = 0
  await mapParallel(Array.from({ length: 20 }), 3, async () => {
    most = Math.max(most, (running += 1))
    await Promise.resolve()
    running -= 1
  })
  expect(most).toBe(3)
})

test('after a failure no further item is started', async () => {
  const started: number[] = []
  const result = mapParallel([1, 2, 3, 4], 1, async (item) => {
    started.push(item)
    if (item === 2) throw new Error('two')
    await Promise.resolve()
  })
  await expect(result).rejects.toThrow('two')
  expect(started).toEqual([1, 2])
})

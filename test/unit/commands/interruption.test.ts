import { expect, test, vi } from 'vitest'
import { createInterruptible } from '../../../runtime/commands/interruption.ts'

const NEVER = new Promise<never>(() => undefined)

test('what comes is what was awaited, value or failure', async () => {
  const until = createInterruptible(NEVER)
  expect(await until(Promise.resolve('a'))).toBe('a')
  await expect(until(Promise.reject(new Error('b')))).rejects.toThrow('b')
  expect(await until(Promise.resolve('c'))).toBe('c')
})

test('the end ends what is awaited then, and everything afterwards', async () => {
  const end = Promise.withResolvers<number>()
  const until = createInterruptible(end.promise)
  const awaited = until(NEVER)
  end.resolve(130)
  expect(await awaited).toBe(130)
  expect(await until(NEVER)).toBe(130)
})

test('what was awaited leaves nothing with the end', async () => {
  const reactions = vi.spyOn(NEVER, 'then')
  const until = createInterruptible(NEVER)
  for (let round = 0; round < 1000; round += 1) await until(Promise.resolve(round))
  expect(reactions).toHaveBeenCalledTimes(1)
})

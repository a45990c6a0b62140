import { expect, test } from 'vitest'
import { createDemand } from '../../../runtime/supervisor/demand.ts'

const createWatcher = () => {
  const watched = new Map<string, () => void>()
  return {
    watched,
    watch: (name: string, demanded: () => void) => {
      watched.set(name, () => (watched.delete(name), demanded()))
      return { cancel: () => void watched.delete(name) }
    },
  }
}

test('one connection wakes everybody who waits for that socket, each once', () => {
  const spawner = createWatcher()
  const demand = createDemand(spawner)
  const woken: string[] = []
  demand.await(['web', 'api'], () => woken.push('first'))
  demand.await(['web'], () => woken.push('second'))
  spawner.watched.get('web')?.()
  expect(woken).toEqual(['first', 'second'])
  expect([...spawner.watched.keys()]).toEqual([])
})

test('a socket is watched as long as somebody waits for it', () => {
  const spawner = createWatcher()
  const demand = createDemand(spawner)
  const waits = [demand.await(['web'], () => undefined), demand.await(['web'], () => undefined)]
  waits[0]?.cancel()
  expect([...spawner.watched.keys()]).toEqual(['web'])
  waits[1]?.cancel()
  expect([...spawner.watched.keys()]).toEqual([])
})

test('whoever has been woken may wait again', () => {
  const spawner = createWatcher()
  const demand = createDemand(spawner)
  let count = 0
  const again = (): void => {
    count += 1
    if (count < 3) demand.await(['web'], again)
  }
  demand.await(['web'], again)
  spawner.watched.get('web')?.()
  spawner.watched.get('web')?.()
  expect(count).toBe(2)
  expect([...spawner.watched.keys()]).toEqual(['web'])
})

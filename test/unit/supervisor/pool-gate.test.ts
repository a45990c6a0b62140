import { expect, test } from 'vitest'
import { createGate } from '../../../runtime/supervisor/pool-gate.ts'
import type { HookName } from '../../../runtime/contract/process-spec.ts'

const createFixture = (hooks: readonly HookName[]) => {
  const said: string[] = []
  const running = new Map<HookName, (isPassed: boolean) => void>()
  const gate = createGate({
    has: (hook) => hooks.includes(hook),
    run: (hook) => new Promise((resolve) => running.set(hook, resolve)),
    changed: () => said.push('changed'),
    refused: (hook) => said.push(`refused ${hook}`),
  })
  const end = async (hook: HookName, isPassed: boolean): Promise<void> => {
    running.get(hook)?.(isPassed)
    await Promise.resolve()
  }
  return { gate, said, end }
}

test('without hooks nothing waits', () => {
  const { gate, said } = createFixture([])
  gate.open()
  expect(gate.isOpen).toBe(true)
  gate.announce()
  gate.beforeStop(() => said.push('stopped'))
  gate.close()
  expect(gate).toMatchObject({ isOpen: false, isBusy: false })
  expect(said).toEqual(['stopped'])
})

test('nothing starts before the hook has passed', async () => {
  const { gate, said, end } = createFixture(['beforeStart'])
  gate.open()
  expect(gate).toMatchObject({ isOpen: false, isBusy: true })
  await end('beforeStart', true)
  expect(gate).toMatchObject({ isOpen: true, isBusy: false })
  expect(said).toEqual(['changed'])
})

test('a hook that says no is told, and asked again the next time', async () => {
  const { gate, said, end } = createFixture(['beforeStart'])
  gate.open()
  await end('beforeStart', false)
  expect(gate.isOpen).toBe(false)
  gate.open()
  await end('beforeStart', true)
  expect(gate.isOpen).toBe(true)
  expect(said).toEqual(['refused beforeStart', 'changed', 'changed'])
})

test('the hook after the start runs once per start, and nobody waits for it', async () => {
  const { gate, said, end } = createFixture(['afterStart'])
  gate.open()
  gate.announce()
  gate.announce()
  expect(gate.isBusy).toBe(false)
  await end('afterStart', false)
  expect(said).toEqual(['refused afterStart', 'changed'])
})

test('a stop waits for its hook, the end for the other one', async () => {
  const { gate, said, end } = createFixture(['beforeStop', 'afterStop'])
  gate.open()
  gate.beforeStop(() => said.push('stopped'))
  expect(said).toEqual([])
  await end('beforeStop', true)
  gate.close()
  expect(gate).toMatchObject({ isOpen: false, isBusy: true })
  await end('afterStop', true)
  expect(gate.isBusy).toBe(false)
  expect(said).toEqual(['stopped', 'changed', 'changed'])
})

test('a hook that was cancelled has no say any more', async () => {
  const { gate, said, end } = createFixture(['beforeStop'])
  gate.open()
  gate.beforeStop(() => said.push('stopped'))
  gate.cancel()
  await end('beforeStop', true)
  expect(gate.isBusy).toBe(false)
  expect(said).toEqual([])
})

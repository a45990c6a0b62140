import { expect, test } from 'vitest'
import { listTimeZoneNames, resolveTimeZone } from '../../../runtime/contract/time-zone.ts'

const hoursIn = (name: string, text: string): number | undefined => {
  const offsetMs = resolveTimeZone(name)?.offsetMs(Date.parse(text))
  return offsetMs === undefined ? undefined : offsetMs / 3_600_000
}

test('offsets follow the summer', () => {
  expect([hoursIn('Europe/Berlin', '2026-01-01T00:00Z'), hoursIn('Europe/Berlin', '2026-07-01T00:00:00.500Z')]).toEqual([1, 2])
  expect([hoursIn('UTC', '2026-07-01T00:00Z'), hoursIn('America/St_Johns', '2026-01-01T00:00Z')]).toEqual([0, -3.5])
})

test('a name that nobody knows is no zone', () => {
  expect([resolveTimeZone('Europe/Nowhere'), resolveTimeZone('')]).toEqual([undefined, undefined])
  expect(listTimeZoneNames()).toEqual(expect.arrayContaining(['UTC', 'Europe/Berlin']))
})

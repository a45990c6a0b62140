import { afterEach, expect, test } from 'vitest'
import { renderPeriod, resolveRolloverMs } from '../../../runtime/log/rotation-time.ts'

const zone = process.env['TZ']
afterEach(() => {
  process.env['TZ'] = zone ?? 'UTC'
})

// 2026-11-21 is a Saturday.
const FROM = Date.UTC(2026, 10, 21, 16, 5, 7)
const dayOf = (day: number): number => Date.UTC(2026, 10, day)

test.each([
  ['S', 1, FROM + 1000, '20261121160507'],
  ['M', 5, FROM + 300_000, '202611211605'],
  ['H', 1, FROM + 3_600_000, '2026112116'],
  ['D', 2, FROM + 172_800_000, '20261121'],
  ['midnight', 1, dayOf(22), '20261121'],
  ['midnight', 3, dayOf(24), '20261121'],
  ['W5', 1, dayOf(22), '20261115'],
  ['W6', 1, dayOf(23), '20261116'],
  ['W0', 1, dayOf(24), '20261117'],
  ['W4', 1, dayOf(28), '20261121'],
  ['W4', 2, dayOf(35), '20261121'],
])('%s every %i: until then, and called so', (when, interval, expected, suffix) => {
  const rotation = { when, interval, utc: true }
  const rolloverMs = resolveRolloverMs(rotation, FROM)
  expect(rolloverMs).toBe(expected)
  expect(renderPeriod(rotation, rolloverMs)).toBe(suffix)
})

test('days end at midnight of the time zone also when they have 23 or 25 hours', () => {
  process.env['TZ'] = 'Europe/Berlin'
  const rotation = { when: 'midnight', interval: 1, utc: false }
  expect(resolveRolloverMs(rotation, Date.UTC(2026, 2, 29, 12))).toBe(Date.UTC(2026, 2, 29, 22))
  expect(resolveRolloverMs(rotation, Date.UTC(2026, 9, 25, 12))).toBe(Date.UTC(2026, 9, 25, 23))
  expect(renderPeriod(rotation, Date.UTC(2026, 9, 25, 23))).toBe('20261025')
})

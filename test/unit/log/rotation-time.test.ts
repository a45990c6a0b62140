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
  { when: 'S', interval: 1, expected: FROM + 1000, suffix: '20261121160507' },
  { when: 'M', interval: 5, expected: FROM + 300_000, suffix: '202611211605' },
  { when: 'H', interval: 1, expected: FROM + 3_600_000, suffix: '2026112116' },
  { when: 'D', interval: 2, expected: FROM + 172_800_000, suffix: '20261121' },
  { when: 'midnight', interval: 1, expected: dayOf(22), suffix: '20261121' },
  { when: 'midnight', interval: 3, expected: dayOf(24), suffix: '20261121' },
  { when: 'W5', interval: 1, expected: dayOf(22), suffix: '20261115' },
  { when: 'W6', interval: 1, expected: dayOf(23), suffix: '20261116' },
  { when: 'W0', interval: 1, expected: dayOf(24), suffix: '20261117' },
  { when: 'W4', interval: 1, expected: dayOf(28), suffix: '20261121' },
  { when: 'W4', interval: 2, expected: dayOf(35), suffix: '20261121' },
])('$when every $interval: until then, and called so', ({ when, interval, expected, suffix }) => {
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

import { afterEach, expect, test } from 'vitest'
import { renderTime } from '../../../runtime/log/strftime.ts'

const TIME = Date.UTC(2026, 0, 4, 9, 5, 7, 42)
const zone = process.env['TZ']

afterEach(() => {
  process.env['TZ'] = zone ?? 'UTC'
})

// As Python's datetime.strftime gives it in the C locale.
test.each([
  ['%Y-%m-%d %H:%M:%S', '2026-01-04 09:05:07'],
  ['%d/%b/%Y:%T.%f', '04/Jan/2026:09:05:07.042000'],
  ['%A %a %B %y %j %I%p', 'Sunday Sun January 26 004 09AM'],
  ['%c | %x | %X', 'Sun Jan  4 09:05:07 2026 | 01/04/26 | 09:05:07'],
  ['%w %u %U %W %V %G %g', '0 7 01 00 01 2026 26'],
  ['%F %D %R %e %-d %-m', '2026-01-04 01/04/26 09:05  4 4 1'],
  ['%s %z %Z 100%%', '1767517507 +0000 UTC 100%'],
  ['%Q is unknown', '%Q is unknown'],
])('%s is %s', (format, expected) => {
  expect(renderTime(format, TIME, true)).toBe(expected)
})

test.each([
  ['2024-12-30', '2025-01'],
  ['2027-01-01', '2026-53'],
  ['2026-12-31', '2026-53'],
])('the ISO week of %s is %s', (day, expected) => {
  expect(renderTime('%G-%V', Date.parse(day), true)).toBe(expected)
})

test('local time is that of the time zone, on both sides of a change of the clock', () => {
  process.env['TZ'] = 'Europe/Berlin'
  expect(renderTime('%H:%M %z', Date.UTC(2026, 2, 29, 0, 59), false)).toBe('01:59 +0100')
  expect(renderTime('%H:%M %z', Date.UTC(2026, 2, 29, 1, 0), false)).toBe('03:00 +0200')
})

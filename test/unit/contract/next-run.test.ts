import { expect, test } from 'vitest'
import { parseCron } from '../../../runtime/contract/cron.ts'
import { resolveNextRunMs } from '../../../runtime/contract/next-run.ts'
import { LOCAL_TIME_ZONE, resolveTimeZone } from '../../../runtime/contract/time-zone.ts'

/** The next `count` runs after a time, both in UTC. */
const runsOf = (text: string, after: string, ...[count = 1, zoneName = 'UTC']: readonly [number?, string?]): readonly string[] => {
  const parsed = parseCron(text)
  const zone = resolveTimeZone(zoneName)
  if (!parsed.ok || zone === undefined) throw new Error(parsed.ok ? zoneName : parsed.problem)
  const runs: string[] = []
  let atMs = Date.parse(`${after}Z`)
  for (let run = 0; run < count; run += 1) {
    const nextMs = resolveNextRunMs(parsed.value, atMs, zone)
    if (nextMs === undefined) break
    runs.push(new Date(nextMs).toISOString().slice(0, 16))
    atMs = nextMs
  }
  return runs
}

test.each([
  ['* * * * *', '2026-01-01T00:00:30', '2026-01-01T00:01'],
  ['* * * * *', '2026-12-31T23:59', '2027-01-01T00:00'],
  ['0 0 * * *', '2026-01-01T00:00', '2026-01-02T00:00'],
  ['30 4 1 * *', '2026-01-01T04:30', '2026-02-01T04:30'],
  ['0 12 * dec mon', '2026-01-01T00:00', '2026-12-07T12:00'],
  ['0 0 29 2 *', '2026-01-01T00:00', '2028-02-29T00:00'],
  ['0 0 31 * *', '2026-04-01T00:00', '2026-05-31T00:00'],
  ['59 23 31 12 *', '2026-12-31T23:59', '2027-12-31T23:59'],
])('%s after %s: %s', (text, after, next) => {
  expect(runsOf(text, after)).toEqual([next])
})

test('a day of the month or a day of the week is enough, unless one of them begins with a star', () => {
  expect(runsOf('0 0 13 * fri', '2026-02-01T00:00', 4)).toEqual(['2026-02-06T00:00', '2026-02-13T00:00', '2026-02-20T00:00', '2026-02-27T00:00'])
  expect(runsOf('0 0 */2 * fri', '2026-02-01T00:00', 3)).toEqual(['2026-02-13T00:00', '2026-02-27T00:00', '2026-03-13T00:00'])
})

test('the rarest date is found: 29 February on a Sunday, over a century without leap day', () => {
  expect(runsOf('0 0 29 2 */7', '2088-02-29T00:00')).toEqual(['2128-02-29T00:00'])
})

test('in spring a fixed time that is left out runs at the jump, once', () => {
  expect(runsOf('30 2 * * *', '2026-03-28T12:00', 2, 'Europe/Berlin')).toEqual(['2026-03-29T01:00', '2026-03-30T00:30'])
  expect(runsOf('0,15,30 2 * * *', '2026-03-28T12:00', 2, 'Europe/Berlin')).toEqual(['2026-03-29T01:00', '2026-03-30T00:00'])
})

test('in spring a periodic job leaves out what the clock leaves out', () => {
  expect(runsOf('30 * * * *', '2026-03-29T00:00', 2, 'Europe/Berlin')).toEqual(['2026-03-29T00:30', '2026-03-29T01:30'])
  expect(runsOf('*/20 2 * * *', '2026-03-28T12:00', 1, 'Europe/Berlin')).toEqual(['2026-03-30T00:00'])
})

test('in autumn a fixed time that comes twice runs once', () => {
  expect(runsOf('30 2 * * *', '2026-10-24T12:00', 2, 'Europe/Berlin')).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
})

test('in autumn a periodic job runs in both hours', () => {
  expect(runsOf('30 * * * *', '2026-10-24T23:45', 3, 'Europe/Berlin')).toEqual(['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30'])
})

test('a jump at midnight moves a midnight job to the first moment of the day', () => {
  expect(runsOf('0 0 * * *', '2026-04-22T22:00', 2, 'Africa/Cairo')).toEqual(['2026-04-23T22:00', '2026-04-24T21:00'])
})

test('local time is that of the process', () => {
  const parsed = parseCron('30 2 * * *')
  const before = process.env['TZ']
  try {
    process.env['TZ'] = 'Europe/Berlin'
    const nextMs = parsed.ok ? resolveNextRunMs(parsed.value, Date.parse('2026-03-28T12:00Z'), LOCAL_TIME_ZONE) : undefined
    expect(nextMs).toBe(Date.parse('2026-03-29T01:00Z'))
  } finally {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
})

test('zones with other minutes and far from Greenwich', () => {
  expect(runsOf('0 0 * * *', '2026-01-01T00:00', 1, 'Asia/Kathmandu')).toEqual(['2026-01-01T18:15'])
  expect(runsOf('0 0 * * *', '2026-01-01T00:00', 1, 'Pacific/Kiritimati')).toEqual(['2026-01-01T10:00'])
  expect(runsOf('0 0 1 1 *', '2026-01-01T00:00', 1, 'Pacific/Pago_Pago')).toEqual(['2026-01-01T11:00'])
})

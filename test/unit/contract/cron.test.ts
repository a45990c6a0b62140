import { expect, test } from 'vitest'
import { parseCron } from '../../../runtime/contract/cron.ts'

const fieldsOf = (text: string) => {
  const parsed = parseCron(text)
  if (!parsed.ok) throw new Error(parsed.problem)
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = parsed.value
  return [minutes, hours, daysOfMonth, months, daysOfWeek].map((set) => [...set].sort((left, right) => left - right))
}
const problemOf = (text: string): string => {
  const parsed = parseCron(text)
  return parsed.ok ? '' : parsed.problem
}

test('lists, ranges, steps and names', () => {
  expect(fieldsOf('0,30 8-10 1-31/10 jan,MAR-may mon-fri')).toEqual([
    [0, 30],
    [8, 9, 10],
    [1, 11, 21, 31],
    [1, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ])
  expect(fieldsOf('*/20 */12 * */6 *')).toMatchObject([[0, 20, 40], [0, 12], { length: 31 }, [1, 7], [0, 1, 2, 3, 4, 5, 6]])
  expect(fieldsOf('5-30/10,59 0 1 1 0')[0]).toEqual([5, 15, 25, 59])
})

test('Sunday is 0, 7 and sun, also as the last day of a range', () => {
  expect(['0', '7', 'sun', 'fri-sun', '5-7', '*/7'].map((day) => fieldsOf(`0 0 * * ${day}`)[4])).toEqual([[0], [0], [0], [0, 5, 6], [0, 5, 6], [0]])
})

test.each([
  ['@yearly', '0 0 1 1 *'],
  ['@Annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  [' @hourly ', '0 * * * *'],
])('%s means %s', (macro, text) => {
  expect(parseCron(macro)).toEqual(parseCron(text))
})

const either = (text: string): boolean => {
  const parsed = parseCron(text)
  return parsed.ok && parsed.value.eitherDay
}

test('a star in a day field means that both must match, with a step, too', () => {
  expect(['0 0 1 * 1', '0 0 * * 1', '0 0 1 * *', '0 0 */2 * 1'].map(either)).toEqual([true, false, false, false])
})

test.each([
  ['', 'expected five fields (minute, hour, day of month, month, day of week), got 1'],
  ['* * * *', 'expected five fields (minute, hour, day of month, month, day of week), got 4'],
  ['* * * * * *', 'got 6'],
  ['60 * * * *', 'minute: expected 0 to 59, got "60"'],
  ['* 24 * * *', 'hour: expected 0 to 23, got "24"'],
  ['* * 0 * *', 'day of month: expected 1 to 31, got "0"'],
  ['* * * 13 *', 'month: expected 1 to 12 or jan to dec, got "13"'],
  ['* * * janu *', 'month: expected 1 to 12 or jan to dec, got "janu"'],
  ['* * * * 8', 'day of week: expected 0 to 7 or sun to sat, got "8"'],
  ['-1 * * * *', 'minute: expected 0 to 59, got "-1"'],
  ['1-2-3 * * * *', 'minute: expected 0 to 59, got "1-2-3"'],
  ['1, * * * *', 'minute: expected 0 to 59, got ""'],
  ['*/0 * * * *', 'minute: a step of 0 in "*/0"'],
  ['*/x * * * *', 'minute: expected 0 to 59, got "*/x"'],
  ['5/10 * * * *', 'minute: the step in "5/10" needs a range or *'],
  ['30-10 * * * *', 'minute: the range "30-10" ends before it begins'],
  ['* * * * fri-mon', 'day of week: the range "fri-mon" ends before it begins'],
  ['0 0 30 2 *', 'no month among them has day 30'],
  ['0 0 31 4,6,9,nov *', 'no month among them has day 31'],
  ['0 0 31 2 */2', 'no month among them has day 31'],
  ['@reboot', 'for "@reboot" there is "runOnStart"'],
  ['@every 5m', 'for "@every" there is "interval"'],
  ['@hourlyy', 'unknown macro "@hourlyy", did you mean "@hourly"?'],
])('%j is refused: %s', (text, problem) => {
  expect(problemOf(text)).toContain(problem)
})

test('a date that only some years or weekdays have is possible', () => {
  expect(['0 0 29 2 *', '0 0 31 2 1', '0 0 31 * *'].map(problemOf)).toEqual(['', '', ''])
})

// Cron expressions as Vixie's cron reads them: five fields or a macro -> the sets of minutes, hours and days that match.

import { renderSuggestion } from './nearest-name.ts'

export type CronExpression = {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly daysOfMonth: ReadonlySet<number>
  /** 1 to 12. */
  readonly months: ReadonlySet<number>
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>
  /** Either of the two day fields is enough; otherwise both must match. */
  readonly eitherDay: boolean
  /** Its minute or hour begins with a star: it counts time that passes, not what the clock shows (see next-run.ts). */
  readonly isPeriodic: boolean
}

export type ParsedCron = { readonly ok: true; readonly value: CronExpression } | { readonly ok: false; readonly problem: string }

export const parseCron = (text: string): ParsedCron => {
  const words = expandMacro(text.trim()).split(/\s+/)
  if (words[0]?.startsWith('@') === true) return fail(renderMacroProblem(words[0]))
  if (words.length !== FIELDS.length) return fail(`expected five fields (minute, hour, day of month, month, day of week), got ${words.length}`)
  const fields = FIELDS.map((field, at) => parseField(field, words[at] ?? ''))
  const problem = fields.find((field) => typeof field === 'string')
  if (typeof problem === 'string') return fail(problem)
  const numbers = (at: number): readonly number[] => fields.flatMap((field, index) => (index === at && typeof field !== 'string' ? field : []))
  const isStar = (at: number): boolean => words[at]?.startsWith('*') === true
  const expression = {
    minutes: new Set(numbers(0)),
    hours: new Set(numbers(1)),
    daysOfMonth: new Set(numbers(2)),
    months: new Set(numbers(3)),
    daysOfWeek: new Set(numbers(4).map((day) => day % 7)),
    eitherDay: !isStar(2) && !isStar(4),
    isPeriodic: isStar(0) || isStar(1),
  }
  return hasPossibleDate(expression) ? { ok: true, value: expression } : fail(`no month among them has day ${numbers(2).join(' or ')}`)
}

const fail = (problem: string): ParsedCron => ({ ok: false, problem })

type Field = { readonly word: string; readonly min: number; readonly max: number; readonly names: readonly string[] }

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS: readonly Field[] = [
  { word: 'minute', min: 0, max: 59, names: [] },
  { word: 'hour', min: 0, max: 23, names: [] },
  { word: 'day of month', min: 1, max: 31, names: [] },
  { word: 'month', min: 1, max: 12, names: MONTHS },
  { word: 'day of week', min: 0, max: 7, names: DAYS },
]

const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

const expandMacro = (text: string): string => MACROS.get(text.toLowerCase()) ?? text

const renderMacroProblem = (macro: string): string => {
  if (macro.toLowerCase() === '@reboot') return 'for "@reboot" there is "runOnStart"'
  return macro.toLowerCase() === '@every' ? 'for "@every" there is "interval"' : `unknown macro "${macro}"${renderSuggestion(macro, MACROS.keys())}`
}

/** The numbers that match, or the problem. */
const parseField = (field: Field, text: string): readonly number[] | string => {
  const items = text.split(',').map((item) => parseItem(field, item))
  const problem = items.find((item) => typeof item === 'string')
  return typeof problem === 'string' ? problem : items.flatMap((item) => (typeof item === 'string' ? [] : item))
}

const parseItem = (field: Field, item: string): readonly number[] | string => {
  const [, range = item, stepText] = /^([^/]*)(?:\/(\d{1,4}))?$/.exec(item) ?? []
  const bounds = parseBounds(field, range)
  if (typeof bounds === 'string') return bounds
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step === 0) return `${field.word}: a step of 0 in "${item}"`
  if (stepText !== undefined && bounds.isSingle) return `${field.word}: the step in "${item}" needs a range or *`
  const count = Math.floor((bounds.high - bounds.low) / step) + 1
  return Array.from({ length: count }, (_, at) => bounds.low + at * step)
}

type Bounds = { readonly low: number; readonly high: number; readonly isSingle: boolean }

const parseBounds = (field: Field, range: string): Bounds | string => {
  if (range === '*') return { low: field.min, high: field.word === 'day of week' ? 6 : field.max, isSingle: false }
  const [low, high = low, ...rest] = range.split('-').map((text) => parseNumber(field, text))
  if (low === undefined || high === undefined || rest.length > 0) return renderFieldProblem(field, range)
  const last = high === 0 && low > 0 ? lastOf(field) : high
  return last < low ? `${field.word}: the range "${range}" ends before it begins` : { low, high: last, isSingle: !range.includes('-') }
}

/** "fri-sun": there Sunday is the last day. */
const lastOf = ({ word }: Field): number => (word === 'day of week' ? 7 : 0)

const parseNumber = ({ min, max, names }: Field, text: string): number | undefined => {
  const named = names.indexOf(text.toLowerCase())
  if (named >= 0) return named + min
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return number >= min && number <= max ? number : undefined
}

const renderFieldProblem = ({ word, min, max, names }: Field, text: string): string => {
  const words = names.length === 0 ? '' : ` or ${names[0]} to ${names.at(-1)}`
  return `${word}: expected ${min} to ${max}${words}, got "${text}"`
}

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const hasPossibleDate = ({ daysOfMonth, months, eitherDay }: Pick<CronExpression, 'daysOfMonth' | 'months' | 'eitherDay'>): boolean =>
  eitherDay || [...months].some((month) => [...daysOfMonth].some((day) => day <= (LONGEST_MONTHS[month - 1] ?? 0)))

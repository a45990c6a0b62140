// A time in the words of strftime, in the C locale. Unknown letters stay as they are.

export const renderTime = (format: string, timeMs: number, utc: boolean): string => {
  const fields = readFields(timeMs, utc)
  return format.replaceAll(/%[-]?([a-zA-Z%])/g, (directive, letter: string) => {
    const text = DIRECTIVES[letter]?.(fields)
    if (text === undefined) return directive
    return directive.startsWith('%-') ? text.replace(/^[0 ]+(?=.)/, '') : text
  })
}

type Fields = {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly day: number
  /** From Sunday, 0. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly milliseconds: number
  readonly offsetMinutes: number
  readonly zone: string
  readonly timeMs: number
}

/** A local time is that of UTC, moved by its offset. */
const readFields = (timeMs: number, utc: boolean): Fields => {
  const offsetMinutes = utc ? 0 : -new Date(timeMs).getTimezoneOffset()
  const moved = new Date(timeMs + offsetMinutes * 60_000)
  return {
    year: moved.getUTCFullYear(),
    month: moved.getUTCMonth(),
    day: moved.getUTCDate(),
    weekday: moved.getUTCDay(),
    hour: moved.getUTCHours(),
    minute: moved.getUTCMinutes(),
    second: moved.getUTCSeconds(),
    milliseconds: moved.getUTCMilliseconds(),
    offsetMinutes,
    zone: utc ? 'UTC' : renderZone(timeMs),
    timeMs,
  }
}

const renderZone = (timeMs: number): string =>
  new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(timeMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

const pad = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill)
const dayOfYear = ({ year, month, day }: Fields): number => Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000)
const hour12 = ({ hour }: Fields): number => hour % 12 || 12
const weekOfYear = (fields: Fields, firstWeekday: number): number => Math.floor((dayOfYear(fields) + 7 - ((fields.weekday - firstWeekday + 7) % 7)) / 7)

/** The week of ISO 8601 belongs to the year of its Thursday. */
const isoWeek = ({ year, month, day, weekday }: Fields): { readonly year: number; readonly week: number } => {
  const thursday = new Date(Date.UTC(year, month, day - ((weekday + 6) % 7) + 3))
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return { year: thursday.getUTCFullYear(), week: Math.floor((thursday.getTime() - first) / 604_800_000) + 1 }
}

const date = (fields: Fields): string => `${pad(fields.month + 1)}/${pad(fields.day)}/${pad(fields.year % 100)}`
const time = (fields: Fields): string => `${pad(fields.hour)}:${pad(fields.minute)}:${pad(fields.second)}`

const DIRECTIVES: Readonly<Record<string, (fields: Fields) => string>> = {
  a: ({ weekday }) => DAYS[weekday]?.slice(0, 3) ?? '',
  A: ({ weekday }) => DAYS[weekday] ?? '',
  b: ({ month }) => MONTHS[month]?.slice(0, 3) ?? '',
  h: ({ month }) => MONTHS[month]?.slice(0, 3) ?? '',
  B: ({ month }) => MONTHS[month] ?? '',
  c: (fields) => `${DAYS[fields.weekday]?.slice(0, 3)} ${MONTHS[fields.month]?.slice(0, 3)} ${pad(fields.day, 2, ' ')} ${time(fields)} ${fields.year}`,
  C: ({ year }) => pad(Math.floor(year / 100)),
  d: ({ day }) => pad(day),
  D: date,
  e: ({ day }) => pad(day, 2, ' '),
  f: ({ milliseconds }) => `${pad(milliseconds, 3)}000`,
  F: ({ year, month, day }) => `${year}-${pad(month + 1)}-${pad(day)}`,
  g: (fields) => pad(isoWeek(fields).year % 100),
  G: (fields) => String(isoWeek(fields).year),
  H: ({ hour }) => pad(hour),
  I: (fields) => pad(hour12(fields)),
  j: (fields) => pad(dayOfYear(fields) + 1, 3),
  k: ({ hour }) => pad(hour, 2, ' '),
  l: (fields) => pad(hour12(fields), 2, ' '),
  m: ({ month }) => pad(month + 1),
  M: ({ minute }) => pad(minute),
  n: () => '\n',
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  r: (fields) => `${pad(hour12(fields))}:${pad(fields.minute)}:${pad(fields.second)} ${fields.hour < 12 ? 'AM' : 'PM'}`,
  R: ({ hour, minute }) => `${pad(hour)}:${pad(minute)}`,
  s: ({ timeMs }) => String(Math.floor(timeMs / 1000)),
  S: ({ second }) => pad(second),
  t: () => '\t',
  T: time,
  u: ({ weekday }) => String(weekday || 7),
  U: (fields) => pad(weekOfYear(fields, 0)),
  V: (fields) => pad(isoWeek(fields).week),
  w: ({ weekday }) => String(weekday),
  W: (fields) => pad(weekOfYear(fields, 1)),
  x: date,
  X: time,
  y: ({ year }) => pad(year % 100),
  Y: ({ year }) => String(year),
  z: ({ offsetMinutes }) => `${offsetMinutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offsetMinutes) / 60))}${pad(Math.abs(offsetMinutes) % 60)}`,
  Z: ({ zone }) => zone,
  '%': () => '%',
}

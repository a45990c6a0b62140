// What the clock on the wall shows, in the local or a named time zone, without mutable global state.

/** Milliseconds to be added to UTC for local time. */
export type TimeZone = { readonly offsetMs: (epochMs: number) => number }

export const LOCAL_TIME_ZONE: TimeZone = { offsetMs: (epochMs) => -new Date(epochMs).getTimezoneOffset() * 60_000 }

/** By its IANA name; undefined when there is none of that name. */
export const resolveTimeZone = (name: string): TimeZone | undefined => {
  const format = createFormat(name)
  return format === undefined ? undefined : { offsetMs: (epochMs) => wallClockMs(format, epochMs) - Math.floor(epochMs / 1000) * 1000 }
}

export const listTimeZoneNames = (): readonly string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')]

const createFormat = (timeZone: string): Intl.DateTimeFormat | undefined => {
  try {
    const twoDigits = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', ...twoDigits })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const wallClockMs = (format: Intl.DateTimeFormat, epochMs: number): number => {
  const parts = new Map(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
}

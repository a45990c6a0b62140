// Durations (1h30m, 250ms) and byte sizes (64MiB, 10kB) as people write them. Undefined means: not in this form.

const DURATION_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1000],
  ['mb', 1000 ** 2],
  ['gb', 1000 ** 3],
  ['tb', 1000 ** 4],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['tib', 1024 ** 4],
])

/** The longest time that a timer of Node can wait, 24 days; beyond it they wait 1 ms. */
export const TIMER_MAX_MS = 2_147_483_647

export const parseDurationMs = (text: string): number | undefined => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  const terms = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  return terms.reduce((sum, [, amount, unit]) => sum + Number(amount) * (DURATION_UNITS_MS.get(unit ?? '') ?? 0), 0)
}

export const parseSizeBytes = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(text)
  const factor = BYTE_UNITS.get((match?.[2] ?? '').toLowerCase())
  if (match === null || factor === undefined) return undefined
  const sizeBytes = Number(match[1]) * factor
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined
}

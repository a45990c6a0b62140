// What stands before each line: the label of its instance, padded so that the bars are in one column, coloured on a
// terminal; before that the time, on request.

export type PrefixOptions = {
  readonly labels: readonly string[]
  readonly colour: boolean
  readonly timestamps?: boolean
  /** False: without the label. */
  readonly prefix?: boolean
}

export type Prefixer = {
  /** Whole lines of one instance -> the same lines, prefixed. Bytes that are not UTF-8 come out as they went in. */
  readonly prefix: (lines: PrefixedLines) => Buffer
  /** What there may be from now on. Labels keep their colours. */
  readonly setLabels: (labels: readonly string[]) => void
}

export type PrefixedLines = { readonly label: string; readonly bytes: Buffer; readonly timeMs: number }

export const createPrefixer = ({ labels, colour, timestamps = false, prefix: isShown = true }: PrefixOptions): Prefixer => {
  const order: string[] = []
  let width = 0
  let prefixes = new Map<string, string>()
  const setLabels = (now: readonly string[]): void => {
    width = Math.max(0, ...now.map((label) => label.length))
    prefixes = new Map()
  }
  const resolvePrefix = (label: string): string => {
    const known = prefixes.get(label)
    if (known !== undefined) return known
    if (!order.includes(label)) order.push(label)
    const prefix = renderPrefix(label.padEnd(width), colour ? order.indexOf(label) : undefined)
    prefixes.set(label, prefix)
    return prefix
  }
  order.push(...labels)
  setLabels(labels)
  return {
    prefix({ label, bytes, timeMs }) {
      const time = timestamps ? `${new Date(timeMs).toISOString()} ` : ''
      return prependLines(bytes, isShown ? `${time}${resolvePrefix(label)}` : time)
    },
    setLabels(now) {
      order.push(...now.filter((label) => !order.includes(label)))
      setLabels(now)
    },
  }
}

/** A copy. latin1 maps each byte to one character and back: the fastest way to edit bytes with string functions. */
export const prependLines = (bytes: Buffer, text: string): Buffer => {
  if (text === '') return Buffer.from(bytes)
  const prefix = Buffer.from(text).toString('latin1')
  const lines = bytes.toString('latin1', 0, bytes.length - 1).replaceAll('\n', () => `\n${prefix}`)
  return Buffer.from(`${prefix}${lines}\n`, 'latin1')
}

/** NO_COLOR and FORCE_COLOR as no-color.org and Node define them; otherwise only terminals get colours. */
export const wantsColour = (environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean => {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = environment
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if (refused !== undefined && refused !== '') return false
  return isTerminal && terminal !== 'dumb'
}

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const

const renderPrefix = (label: string, index: number | undefined): string =>
  index === undefined ? `${label} | ` : `\u001b[${COLOURS[index % COLOURS.length]}m${label} |\u001b[0m `

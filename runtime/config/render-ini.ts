// Plain data -> INI: scalars first, one section per object. INI has no quoting that all readers agree on, so a value
// that would need it is refused.

export const renderIni = (value: unknown): string => {
  if (!isTable(value)) throw new TypeError('the top level of INI is a table')
  const entries = Object.entries(value)
  const lines = entries.filter(([, item]) => !isTable(item)).map(([key, item]) => renderPair(key, item))
  const sections = entries.flatMap(([key, item]) => (isTable(item) ? renderSection(key, item) : []))
  return `${[...lines, ...sections].join('\n').replace(/^\n/, '')}\n`
}

type Table = Readonly<Record<string, unknown>>

const renderSection = (name: string, table: Table): readonly string[] => {
  if (/[[\]\u0000-\u001f\u007f]/.test(name)) throw new TypeError(`INI cannot hold the section name ${JSON.stringify(name)}`)
  return ['', `[${name}]`, ...Object.entries(table).map(([key, item]) => renderPair(key, item))]
}

const renderPair = (key: string, value: unknown): string => {
  if (value === null || typeof value === 'object') throw new TypeError(`INI cannot hold the value of "${key}": it is nested too deep`)
  if (/^[\s[;#]|[=:\u0000-\u001f\u007f]|\s$/.test(key) || key === '') throw new TypeError(`INI cannot hold the key ${JSON.stringify(key)}`)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (/^\s|\s$|[\u0000-\u001f\u007f;#]|^["']|\\$/.test(text)) {
    throw new TypeError(
      `INI cannot hold the value of "${key}": it begins with a space or a quote, ends with a space or a backslash, or holds ; # or a control character`,
    )
  }
  return `${key} = ${text}`
}

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)

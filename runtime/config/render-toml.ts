// Plain data -> TOML. Tables become sections, tables inside arrays stay inline. TOML has no null.

export const renderToml = (value: unknown): string => {
  if (!isTable(value)) throw new TypeError('the top level of TOML is a table')
  return renderSection(value, []).join('\n').replace(/^\n/, '') + '\n'
}

type Table = Readonly<Record<string, unknown>>

const renderSection = (table: Table, path: readonly string[]): readonly string[] => {
  const entries = Object.entries(table)
  const plain = entries.filter(([, item]) => !isTable(item))
  const sections = entries.flatMap(([key, item]) => (isTable(item) ? renderSection(item, [...path, key]) : []))
  const header = path.length === 0 ? [] : ['', `[${path.map(renderKey).join('.')}]`]
  return [...header, ...plain.map(([key, item]) => `${renderKey(key)} = ${renderInline(item)}`), ...sections]
}

const renderInline = (value: unknown): string => {
  if (value === null || value === undefined) throw new TypeError('TOML has no null')
  if (Array.isArray(value)) return `[${value.map(renderInline).join(', ')}]`
  if (isTable(value))
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${renderKey(key)} = ${renderInline(item)}`)
      .join(', ')} }`
  return typeof value === 'string' ? renderString(value) : JSON.stringify(value)
}

const renderKey = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : renderString(key))

/** JSON's escapes are TOML's, except that TOML wants DEL escaped as well. */
const renderString = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007F')

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)

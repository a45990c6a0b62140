// Plain data -> YAML in block style. Every string and key is double-quoted, JSON's way, which YAML reads the same:
// no value can turn into a boolean, a date, an anchor or a comment.

export const renderYaml = (value: unknown): string => `${renderNode(value, '')}\n`.replace(/^\n/, '')

const renderNode = (value: unknown, indent: string): string => {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `\n${indent}-${spaced(renderNode(item, `${indent}  `))}`).join('')
  }
  if (isFilledObject(value)) {
    const entries = Object.entries(value)
    return entries.map(([key, item]) => `\n${indent}${JSON.stringify(key)}:${spaced(renderNode(item, `${indent}  `))}`).join('')
  }
  return JSON.stringify(value) ?? 'null'
}

const spaced = (node: string): string => (node.startsWith('\n') ? node : ` ${node}`)

const isFilledObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0

// Plain data -> YAML in block style. Every string and key is double-quoted, JSON's way, which YAML reads the same:
// no value can turn into a boolean, a date, an anchor or a comment.

export const renderYaml = (value: unknown): string => `${renderNode(value, '')}\n`.replace(/^\n/, '')

const renderNode = (value: unknown, indent: string): string => {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `\n${indent}-${spaced(renderNode(item, `${indent}  `))}`).join('')
  }
  if (isFilledObject(value)) {
    const entries = Object.entries(value)
    return entries.map(([key, item]) => `\n${indent}${renderScalar(key)}:${spaced(renderNode(item, `${indent}  `))}`).join('')
  }
  return renderScalar(value)
}

/** JSON leaves DEL, C1 controls and the line breaks of Unicode as they are; YAML refuses or folds them. */
const renderScalar = (value: unknown): string =>
  (JSON.stringify(value) ?? 'null').replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const spaced = (node: string): string => (node.startsWith('\n') ? node : ` ${node}`)

const isFilledObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0

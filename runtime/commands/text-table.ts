// Rows in columns, and how long and how much as people read it. Pure.

export const renderTable = (table: readonly (readonly string[])[]): readonly string[] => {
  const rows = table.map((row) => row.map(renderCell))
  const widths = rows.reduce<readonly number[]>((widest, row) => row.map((cell, at) => Math.max(cell.length, widest[at] ?? 0)), [])
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Programs choose their arguments and names: on a terminal they stay text, in a row one line. */
const renderCell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, '?')

export const renderAge = (ms: number): string => {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m` : `${Math.floor(seconds / 86_400)}d`
}

export const renderSize = (bytes: number): string => {
  const [unit, size] = bytes >= 1024 ** 3 ? ['GiB', bytes / 1024 ** 3] : bytes >= 1024 ** 2 ? ['MiB', bytes / 1024 ** 2] : ['KiB', bytes / 1024]
  return `${size >= 100 ? Math.round(size) : size.toFixed(1)} ${unit}`
}

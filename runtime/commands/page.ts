// Lines -> what of them fits into a window. Pure.

export type Window = { readonly columns: number; readonly rows: number }

/** What does not fit is counted in the last row. */
export const fitPage = (lines: readonly string[], window: Window): readonly string[] => {
  const { columns, rows } = resolveWindow(window)
  const page = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `(${lines.length - rows + 1} more)`]
  return page.map((line) => line.slice(0, columns))
}

/** A terminal that does not know how large it is says 0. */
const resolveWindow = ({ columns, rows }: Window): Window => ({ columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 })

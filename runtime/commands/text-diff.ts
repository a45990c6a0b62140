// Two texts -> the lines that differ, each with a sign before it and two lines around it. Pure.

type Step = { readonly sign: ' ' | '-' | '+'; readonly line: string }

/** Empty when nothing differs. */
export const renderDiff = (before: string, after: string): string => {
  if (before === after) return ''
  const steps = compareLines(splitLines(before), splitLines(after))
  const shown = steps.map((_step, at) => steps.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ sign }) => sign !== ' '))
  const lines = steps.flatMap(({ sign, line }, at) => {
    if (shown[at] === true) return [`${sign} ${line}`]
    return at > 0 && shown[at - 1] === true ? ['...'] : []
  })
  return `${lines.join('\n')}\n`
}

const AROUND = 2

const splitLines = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** What is the same at both ends is left out of the comparison, which takes the square of the rest. */
const compareLines = (before: readonly string[], after: readonly string[]): readonly Step[] => {
  const head = countSame(before, after)
  const tail = countSame(before.slice(head).toReversed(), after.slice(head).toReversed())
  const middle = compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail))
  return [...before.slice(0, head).map(keep), ...middle, ...before.slice(before.length - tail).map(keep)]
}

const keep = (line: string): Step => ({ sign: ' ', line })
const remove = (line: string): Step => ({ sign: '-', line })
const insert = (line: string): Step => ({ sign: '+', line })

const countSame = (left: readonly string[], right: readonly string[]): number => {
  const different = left.findIndex((line, at) => line !== right[at])
  return different < 0 ? left.length : different
}

const compareMiddle = (before: readonly string[], after: readonly string[]): readonly Step[] => {
  if (before.length * after.length > COMPARED_MAX) return [...before.map(remove), ...after.map(insert)]
  const common = measure(before, after)
  const steps: Step[] = []
  let column = 0
  for (const [row, line] of before.entries()) {
    const match = after.findIndex((other, at) => at >= column && other === line && isOnPath(common, row, { from: column, to: at }))
    if (match < 0) steps.push(remove(line))
    else {
      steps.push(...after.slice(column, match).map(insert), keep(line))
      column = match + 1
    }
  }
  return [...steps, ...after.slice(column).map(insert)]
}

const COMPARED_MAX = 1_000_000

type Lengths = readonly (readonly number[])[]

/** [row][column]: how many lines what follows has in common. */
const measure = (before: readonly string[], after: readonly string[]): Lengths =>
  before.toReversed().reduce<Lengths>(
    ([below = [], ...rest], line) => {
      const current: number[] = [0]
      for (const [back, other] of after.toReversed().entries()) {
        const column = after.length - 1 - back
        const same = line === other ? (below[column + 1] ?? 0) + 1 : 0
        current.unshift(Math.max(same, below[column] ?? 0, current[0] ?? 0))
      }
      return [current, below, ...rest]
    },
    [after.map(() => 0)],
  )

/** Nothing is lost by keeping this line at that place. */
const isOnPath = (common: Lengths, row: number, { from, to }: { readonly from: number; readonly to: number }): boolean =>
  (common[row + 1]?.[to + 1] ?? 0) + 1 === common[row]?.[from]

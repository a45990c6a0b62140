// Prints what happened as tables, one per group: a line per row, a column per engine; `plain/composed` where they differ.
import type { Reporter, TestCase, TestModule } from 'vitest/node'

import { ENGINES } from './row.ts'
import type { Choice } from './row.ts'
import type { CellResult } from './run-rows.ts'

const CHOICES: readonly Choice[] = ['auto', ...ENGINES]

/** vitest loads a reporter by the default export of its file. */
// oxlint-disable-next-line import/no-default-export
export default class HostsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const skips = tests.flatMap((test) => skipReason(test) ?? [])
    for (const [reason, all] of Map.groupBy(skips, (skip) => skip)) console.log(`\n${all.length} tests skipped: ${reason}`)
    const cells = tests.flatMap((test) => test.meta().cell ?? [])
    for (const [group, inGroup] of Map.groupBy(cells, (cell) => cell.group)) console.log(renderTable(group, inGroup))
  }
}

const skipReason = (test: TestCase): string | undefined => {
  const result = test.result()
  return result.state === 'skipped' ? result.note : undefined
}

const renderTable = (group: string, cells: readonly CellResult[]): string => {
  const rows = [...Map.groupBy(cells, (cell) => cell.row)].map(([row, inRow]) => [
    row,
    ...CHOICES.map((choice) => summarize(inRow.filter((cell) => cell.choice === choice))),
  ])
  const table = [[group, ...CHOICES], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return [
    '',
    ...table.map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  ].join('\n')
}

/** Outcomes are the engine that was used, or the code of the refusal. */
const summarize = (cells: readonly CellResult[]): string => {
  const words = cells.map(({ choice, outcome }) => (outcome === choice ? 'works' : /^[A-Z]/.test(outcome) || outcome === '' ? 'refused' : outcome))
  return words.length === 0 ? '-' : [...new Set(words)].join('/')
}

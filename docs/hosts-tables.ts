// The tables of docs/hosts.md, from the rows that the tests of the matrix run: what they say is what was seen.
import { CONTAINER_ROWS } from '../test/hosts/container-rows.ts'
import { HOST_ROWS } from '../test/hosts/host-rows.ts'
import { RESTRICTION_ROWS } from '../test/hosts/restriction-rows.ts'
import { ENGINES, expectationsOf, isRefused } from '../test/hosts/row.ts'
import type { Choice, Expectation, Row } from '../test/hosts/row.ts'
import { START_ROWS } from '../test/hosts/start-rows.ts'

/** By the name of their place in the page. */
export const HOST_TABLES: Readonly<Record<string, () => string>> = {
  hosts: () => renderTable(HOST_ROWS),
  restrictions: () => renderTable(RESTRICTION_ROWS),
  containers: () => renderTable(CONTAINER_ROWS),
  starts: () => renderTable(START_ROWS),
}

const CHOICES: readonly Choice[] = ['auto', ...ENGINES]

const renderTable = (rows: readonly Row[]): string => {
  const reasons: string[] = []
  const lines = rows.map((row) => `| ${escape(row.title)} | ${CHOICES.map((choice) => renderCell(row, choice, reasons)).join(' | ')} |`)
  const head = `| | ${CHOICES.map((choice) => (choice === 'auto' ? 'chosen' : `\`${choice}\``)).join(' | ')} |`
  const notes = reasons.map((reason, index) => `${index + 1}. ${reason}`)
  return [head, `|---|${'---|'.repeat(CHOICES.length)}`, ...lines, '', ...notes].join('\n').trimEnd()
}

/** An empty cell: this combination is not tested. */
const renderCell = (row: Row, choice: Choice, reasons: string[]): string => {
  const cell = expectationsOf(row).find((expectations) => expectations.choice === choice)
  if (cell === undefined) return ''
  const texts = [cell.plain, cell.composed].map((expectation) => renderExpectation(expectation, choice, reasons))
  return texts[0] === texts[1] ? (texts[0] ?? '') : `plain: ${texts[0]}, composed: ${texts[1]}`
}

const renderExpectation = (expectation: Expectation, choice: Choice, reasons: string[]): string => {
  if (!isRefused(expectation)) return expectation.works === choice ? 'yes' : `\`${expectation.works}\``
  const reason = expectation.refused === '' ? `\`${expectation.because}\`` : `\`NIXPACK_${expectation.refused}\`: \`${expectation.because}\``
  if (!reasons.includes(reason)) reasons.push(reason)
  return `no (${reasons.indexOf(reason) + 1})`
}

const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('_', '\\_')

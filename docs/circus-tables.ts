// The tables of docs/circus.md: behaviours from the rows that the conformance tests run, options from the texts that the
// reader of circus.ini warns with.
import { ANY_PLUGIN_OPTIONS, CIRCUS_OPTIONS, PLUGIN_OPTIONS, SOCKET_OPTIONS, WATCHER_OPTIONS } from '../runtime/circus/options.ts'
import type { CircusOption } from '../runtime/circus/options.ts'
import { ROWS } from '../test/conformance/circus/rows.ts'
import type { Verdict } from '../test/conformance/circus/row.ts'

/** By the name of their place in the page. */
export const CIRCUS_TABLES: Readonly<Record<string, () => string>> = {
  summary: () => `${countOf('same')} the same, ${countOf('better')} better, ${countOf('not meaningful')} without meaning here.`,
  circus: () => renderOptions(CIRCUS_OPTIONS),
  watcher: () => renderOptions(WATCHER_OPTIONS),
  socket: () => renderOptions(SOCKET_OPTIONS),
  plugins: () => [`**every plugin**\n\n${renderOptions(ANY_PLUGIN_OPTIONS)}`, ...Object.entries(PLUGIN_OPTIONS).map(([name, options]) => `**circus.plugins.${name}**\n\n${renderOptions(options)}`)].join('\n\n'),
  behaviours: () =>
    [
      '| | behaviour | circus | here | |',
      '|---|---|---|---|---|',
      ...ROWS.map(({ number, behaviour, circus, here, verdict }) => `| ${[number, behaviour, circus, here].map(escape).join(' | ')} | ${verdict === 'better' ? '**better**' : verdict} |`),
    ].join('\n'),
}

const countOf = (verdict: Verdict): number => ROWS.filter((row) => row.verdict === verdict).length

const renderOptions = (options: readonly CircusOption[]): string =>
  [
    '| option | default | here |',
    '|---|---|---|',
    ...options.map(({ name, default: fallback, text, hasNoEffect }) => `| \`${name}\` | ${fallback === '' ? '' : code(fallback)} | ${hasNoEffect === true ? '*no effect:* ' : ''}${escape(text)} |`),
  ].join('\n')

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``

/** What is not in code must not become markup. */
const escape = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part.replaceAll('|', '\\|') : part.replaceAll(/[|*_<]/g, (character) => `\\${character}`)))
    .join('')

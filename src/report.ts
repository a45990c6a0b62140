// The only console writer of the build CLI: progress, results, errors.
import { renderError } from '../runtime/contract/errors.ts'
import type { RelocationFinding } from '../runtime/contract/relocation.ts'
import { isErrno } from './lib/errno.ts'
import type { BundleResult, Progress } from './pipeline.ts'

export type Report = Progress & {
  /** Ends the progress line, if one is open. */
  readonly end: () => void
  readonly print: (text: string) => void
  readonly error: (error: unknown) => void
}

export type ReportStyle = { readonly quiet: boolean; readonly terminal: boolean; readonly color: boolean }

/** How to report: on a terminal progress is one line that changes, elsewhere a line per stage. Colours only on a terminal, and never with NO_COLOR. */
export const reportStyle = (environment: Readonly<Record<string, string | undefined>>, quiet: boolean): ReportStyle => {
  const terminal = process.stderr.isTTY && environment['TERM'] !== 'dumb'
  return { quiet, terminal, color: terminal && (environment['NO_COLOR'] ?? '') === '' }
}

/** Results go to stdout; progress and errors go to stderr. */
export const createReport = (style: ReportStyle): Report => {
  let open = false
  // Whoever reads the result may stop early, as `head` does.
  process.stdout.on('error', (error) => {
    if (!isErrno(error, 'EPIPE')) throw error
  })
  const end = (): void => {
    if (open) process.stderr.write('\n')
    open = false
  }
  const line = (text: string): void => {
    if (style.quiet) return
    if (!style.terminal) process.stderr.write(`${text}\n`)
    else process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`)
    open = style.terminal
  }
  return {
    stage: (text) => {
      end()
      line(`nixpack: ${text}`)
    },
    advance: (done, total, what) => {
      if (style.terminal) line(`nixpack: compressed ${done} of ${total}: ${what.slice(33)}`)
    },
    end,
    print: (text) => process.stdout.write(`${text}\n`),
    error: (error) => {
      end()
      const [first = '', ...rest] = renderError(error, 'nixpack').split('\n')
      process.stderr.write([style.color ? `\u001b[31m${first}\u001b[39m` : first, ...rest, ''].join('\n'))
    },
  }
}

/** What `nixpack bundle` prints at its end. */
export const renderBundleResult = (result: BundleResult): string =>
  [
    `${result.file}: ${renderSize(result.sizeBytes)}`,
    `  ${result.composed ? 'composed' : 'plain'} bundle of ${result.pathCount} store paths, ${renderSize(result.closureBytes)} unpacked, ${renderSize(result.compressedBytes)} compressed`,
    ...renderRelocation(result.relocation.findings).map((line) => `  ${line}`),
    `  run it with: ${shellQuote(result.file)}`,
    ...(result.composed ? [`  its variables: ${shellQuote(result.file)} --help`] : []),
  ].join('\n')

/** Whether a bundle can be relocated; of many findings the first. */
export const renderRelocation = (findings: readonly RelocationFinding[]): readonly string[] => {
  if (findings.length === 0) return ['relocation: safe']
  const shown = findings.slice(0, FINDINGS_SHOWN).map(({ path, file, meaning }) => `  ${[path, file, meaning].filter((part) => part !== '').join(': ')}`)
  const more = findings.length > FINDINGS_SHOWN ? [`  (--json prints all)`] : []
  return [`relocation: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`, ...shown, ...more]
}

const FINDINGS_SHOWN = 10

/** A size in MB (1000 x 1000 bytes) with one digit, below that in kB. */
export const renderSize = (bytes: number): string => (bytes >= 1_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${(bytes / 1000).toFixed(1)} kB`)

const shellQuote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

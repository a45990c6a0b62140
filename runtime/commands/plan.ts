// `plan`: what `up` would run and how, without running it. Secrets are masked.

import type { PlanView, ProcessView } from '../contract/control-plan.ts'
import { describePlan } from '../control/plan-view.ts'
import { renderMasked } from './render-masked.ts'
import type { Command } from './context.ts'
import { printText } from './context.ts'
import { createMask } from './mask.ts'
import { planRunPaths } from './preparation.ts'
import { planSource, readSource } from './source.ts'

export const plan: Command = async (context) => {
  const source = await readSource(context, { kind: 'show' })
  const [paths] = planRunPaths(context)
  const planned = planSource(source, paths)
  const mask = createMask(source.variables.values())
  const view = describePlan(planned.plan, mask)
  const files = renderMasked(source, paths).map(({ name, text, mode }) => ({ path: `${paths.filesDir}/${name}`, mode: mode.toString(8), text }))
  printText(context, context.flags.has('--json') ? `${JSON.stringify({ ...view, files }, undefined, 2)}\n` : renderPlan(view, files))
  return 0
}

type FileView = { readonly path: string; readonly mode: string; readonly text: string }

const renderPlan = (view: PlanView, files: readonly FileView[]): string =>
  [
    ...view.waves.map((wave, index) => `wave ${index + 1}: ${wave.join(', ')}`),
    `ends: ${view.exitPolicy}; a stop takes at most ${view.stopDeadlineMs / 1000} s`,
    ...view.processes.flatMap(renderProcess),
    ...view.tasks.flatMap(({ name, command, dependsOn }) => ['', `task ${name}`, `  command: ${command.join(' ')}`, ...row('after', dependsOn.join(', '))]),
    ...view.sockets.flatMap(({ name, kind, address }) => ['', `socket ${name}`, `  ${kind}: ${address}`]),
    ...files.flatMap(({ path, mode, text }) => ['', `file ${path} (mode ${mode})`, ...indent(text)]),
    '',
  ].join('\n')

const renderProcess = (process: ProcessView): readonly string[] => [
  '',
  `process ${process.name}${process.numprocesses === 1 ? '' : ` (${process.numprocesses} instances)`}`,
  `  command: ${process.command.map(quoteWord).join(' ')}`,
  ...row('directory', process.workingDir),
  ...row('user', process.user ?? ''),
  ...row('after', process.dependsOn.join(', ')),
  ...row('ready', process.ready === null ? '' : `${process.ready}, within ${(process.readyDeadlineMs ?? 0) / 1000} s`),
  ...row('restart', process.restart),
  ...row('stop', process.stop),
  ...row('sockets', process.sockets.join(', ')),
  ...row('schedule', process.schedule ?? ''),
  ...process.notes.map((note) => `  ${note}`),
  ...row('specification', process.hash.slice(0, 12)),
  '  environment:',
  ...Object.entries(process.environment).map(([name, value]) => `    ${name}=${value}`),
]

const row = (title: string, text: string): readonly string[] => (text === '' ? [] : [`  ${title}: ${text}`])

const quoteWord = (word: string): string => (/^[A-Za-z0-9_./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)

const indent = (text: string): readonly string[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())

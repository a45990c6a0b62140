// The rules of a manifest that reach over more than one value: references, dependencies, secrets, alternatives.

import { findCycle } from './dependency-cycle.ts'
import type { FileDeclaration, Manifest, ProcessDeclaration, ReadyDeclaration, VariableDeclaration } from './manifest-schema.ts'
import { renderSuggestion } from './nearest-name.ts'
import { DIRECTORY_NAMES, parseTemplate, PROCESS_FACTS } from './placeholder.ts'
import type { Reference } from './placeholder.ts'
import { parseMagnitude, parseVariableValue } from './variable-value.ts'

export const resolveManifestProblems = (manifest: Manifest): readonly string[] => [
  ...Object.entries(manifest.env).flatMap(([name, declaration]) => checkVariable(`env.${name}`, declaration)),
  ...Object.entries(manifest.files).flatMap(([name, file]) => checkFile(manifest, `files.${name}`, file)),
  ...Object.entries(manifest.processes).flatMap(([name, declaration]) => checkProcess(manifest, name, declaration)),
  ...checkCycle(manifest),
  ...checkExitPolicy(manifest),
]

const checkVariable = (place: string, declaration: VariableDeclaration): readonly string[] => {
  const { type, values = [], default: fallback, min, max } = declaration
  const problems: string[] = []
  if ((type === 'enum') !== values.length > 0) problems.push(`${place}: "values" belongs to type "enum" and must name at least one`)
  if (fallback !== undefined && fallback !== '') {
    const parsed = parseVariableValue(declaration, String(fallback))
    if (!parsed.ok) problems.push(`${place}.default: expected ${parsed.expected}`)
  }
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit === undefined) continue
    const measured = RANGED_TYPES.has(type) && parseMagnitude(type, String(limit)) !== undefined
    if (!measured) problems.push(`${place}.${key}: not a limit for type "${type}"`)
  }
  return problems
}

const RANGED_TYPES: ReadonlySet<string> = new Set(['integer', 'number', 'port', 'duration', 'bytes'])

const checkFile = (manifest: Manifest, place: string, file: FileDeclaration): readonly string[] => {
  const isText = file.text !== undefined
  const isStructured = file.format !== undefined && file.value !== undefined
  const isMixed = isText && (file.format !== undefined || file.value !== undefined)
  if (isText === isStructured || isMixed) return [`${place}: expected either "text", or "format" with "value"`]
  const strings = isText ? [file.text ?? ''] : collectStrings(file.value)
  return strings.flatMap((text) => checkTemplate(manifest, place, text))
}

const checkProcess = (manifest: Manifest, name: string, declaration: ProcessDeclaration): readonly string[] => {
  const place = `processes.${name}`
  const { command, environment, workingDirectory, ready, dependsOn } = declaration
  const strings = [...Object.values(environment), workingDirectory ?? '', ...readyStrings(ready)]
  return [
    ...command.flatMap((word, index) => checkTemplate(manifest, `${place}.command.${index}`, word)),
    ...command.flatMap((word, index) => checkSecrets(manifest, `${place}.command.${index}`, word)),
    ...readyStrings(ready).flatMap((word) => checkSecrets(manifest, `${place}.ready`, word)),
    ...checkSecrets(manifest, `${place}.workingDirectory`, workingDirectory ?? ''),
    ...strings.flatMap((text) => checkTemplate(manifest, place, text)),
    ...(ready === undefined ? [] : checkReady(`${place}.ready`, ready)),
    ...Object.keys(dependsOn).flatMap((other) => checkProcessName(manifest, `${place}.dependsOn`, other)),
  ]
}

const readyStrings = (ready: ReadyDeclaration | undefined): readonly string[] =>
  ready === undefined ? [] : [ready.tcp ?? '', ready.unix ?? '', ...(ready.exec ?? []), ready.logLine ?? '']

const checkReady = (place: string, { tcp, unix, exec, logLine }: ReadyDeclaration): readonly string[] => {
  const given = [tcp, unix, exec, logLine].filter((mechanism) => mechanism !== undefined)
  if (given.length !== 1) return [`${place}: expected exactly one of "tcp", "unix", "exec" and "logLine"`]
  const isPlain = !parseTemplate(logLine ?? '').some(({ kind }) => kind !== 'text')
  return isPlain && !isRegularExpression(logLine ?? '') ? [`${place}.logLine: not a regular expression`] : []
}

const isRegularExpression = (source: string): boolean => {
  try {
    return new RegExp(source, 'u').source !== ''
  } catch {
    // The only thing RegExp throws is a SyntaxError, which is the answer.
    return false
  }
}

const checkProcessName = (manifest: Manifest, place: string, name: string): readonly string[] =>
  Object.hasOwn(manifest.processes, name) ? [] : [`${place}: unknown process "${name}"${renderSuggestion(name, Object.keys(manifest.processes))}`]

const checkCycle = (manifest: Manifest): readonly string[] => {
  const edges = new Map(Object.entries(manifest.processes).map(([name, { dependsOn }]) => [name, Object.keys(dependsOn)]))
  const cycle = findCycle(edges)
  return cycle === undefined ? [] : [`processes: ${cycle.map((name) => `"${name}"`).join(' depends on ')}: a cycle`]
}

const checkExitPolicy = (manifest: Manifest): readonly string[] =>
  typeof manifest.exitPolicy === 'string' ? [] : checkProcessName(manifest, 'exitPolicy.process', manifest.exitPolicy.process)

const checkTemplate = (manifest: Manifest, place: string, text: string): readonly string[] =>
  parseTemplate(text).flatMap((part) => {
    if (part.kind === 'text') return []
    const problem = part.kind === 'malformed' ? 'malformed placeholder' : checkReference(manifest, part.reference)
    return problem === undefined ? [] : [`${place}: ${problem} in "${part.source}"`]
  })

const checkReference = (manifest: Manifest, { subject, name, field }: Reference): string | undefined => {
  const known = {
    env: Object.keys(manifest.env),
    file: Object.keys(manifest.files),
    dir: DIRECTORY_NAMES,
    process: PROCESS_FACTS,
    socket: Object.keys(manifest.sockets),
  }[subject]
  if (!known.some((candidate) => candidate === name)) {
    return `unknown ${SUBJECT_WORDS[subject]} "${name}"${renderSuggestion(name, known)}`
  }
  const type = manifest.env[name]?.type ?? 'string'
  if (field === undefined || type === 'address' || type === 'url') return undefined
  return `".${field}" of a variable that is neither an address nor a URL`
}

const SUBJECT_WORDS = { env: 'variable', file: 'file', dir: 'directory', process: 'fact about a process', socket: 'socket' } as const

/** Command lines are visible to every user of the host (/proc/PID/cmdline). */
const checkSecrets = (manifest: Manifest, place: string, text: string): readonly string[] =>
  parseTemplate(text).flatMap((part) => {
    if (part.kind !== 'reference' || part.reference.subject !== 'env') return []
    const { name } = part.reference
    return manifest.env[name]?.type === 'secret' ? [`${place}: the secret "${name}" would be visible in the process list`] : []
  })

const collectStrings = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(collectStrings)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [key, ...collectStrings(item)])
}

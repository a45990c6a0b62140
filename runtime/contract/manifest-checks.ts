// The rules of a manifest that reach over more than one value: references, dependencies, secrets, alternatives. With
// a circus.ini, names of processes and sockets may be those that are added from there on the target.

import { collectStrings } from './collect-strings.ts'
import { findCycle } from './dependency-cycle.ts'
import { checkConflicts } from './manifest-conflict-checks.ts'
import { checkPattern, parsePattern } from './manifest-probe-checks.ts'
import { checkProcess } from './manifest-process-checks.ts'
import { checkPublicKeys, checkTemplate } from './manifest-reference-checks.ts'
import type { Scope } from './manifest-reference-checks.ts'
import { checkProcessName, checkRun } from './manifest-run-checks.ts'
import type { FileDeclaration, HeartbeatDeclaration, Manifest, VariableDeclaration } from './manifest-schema.ts'
import { checkSocket } from './manifest-socket-checks.ts'
import { checkPositive, problemIf } from './manifest-value-checks.ts'
import { isLiteral } from './placeholder.ts'
import { parseMagnitude, parseVariableValue } from './variable-value.ts'

export const resolveManifestProblems = (manifest: Manifest): readonly string[] => [
  ...Object.entries(manifest.env).flatMap(([name, declaration]) => [
    ...problemIf(name.startsWith('NIXPACK_'), `env.${name}: names that start with NIXPACK_ are reserved`),
    ...checkVariable(`env.${name}`, declaration),
  ]),
  ...Object.entries(manifest.files).flatMap(([name, file]) => checkFile(manifest, `files.${name}`, file)),
  ...Object.entries(manifest.sockets).flatMap(([name, socket]) => checkSocket(manifest, name, socket)),
  ...Object.entries(manifest.processes).flatMap(([name, declaration]) => checkProcess(manifest, name, declaration)),
  ...Object.entries(manifest.tasks).flatMap(([name, task]) => checkRun({ manifest, owner: 'task', sockets: [] }, `tasks.${name}`, task)),
  ...checkCycle(manifest),
  ...checkConflicts(manifest),
  ...checkBundle(manifest),
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
  return [...problems, ...checkRange(place, declaration)]
}

const RANGED_TYPES: ReadonlySet<string> = new Set(['integer', 'number', 'port', 'duration', 'bytes'])

const checkRange = (place: string, { type, min, max }: VariableDeclaration): readonly string[] => {
  const [low, high] = [parseMagnitude(type, String(min)), parseMagnitude(type, String(max))]
  return problemIf(low !== undefined && high !== undefined && low > high, `${place}: min, ${min}, is above max, ${max}`)
}

const checkFile = (manifest: Manifest, place: string, file: FileDeclaration): readonly string[] => {
  const isText = file.text !== undefined
  const isStructured = file.format !== undefined && file.value !== undefined
  const isMixed = isText && (file.format !== undefined || file.value !== undefined)
  if (isText === isStructured || isMixed) return [`${place}: expected either "text", or "format" with "value"`]
  const strings = isText ? [file.text ?? ''] : collectStrings(file.value)
  return strings.flatMap((text) => checkTemplate({ manifest, owner: 'file', sockets: [] }, place, text))
}

const checkCycle = (manifest: Manifest): readonly string[] => {
  const edges = new Map(Object.entries(manifest.processes).map(([name, { dependsOn }]) => [name, Object.keys(dependsOn)]))
  const cycle = findCycle(edges)
  return cycle === undefined ? [] : [`processes: ${cycle.map((name) => `"${name}"`).join(' depends on ')}: a cycle`]
}

const checkBundle = (manifest: Manifest): readonly string[] => {
  const { exitPolicy, circusIni, pidFile, heartbeats } = manifest
  const scope: Scope = { manifest, owner: 'bundle', sockets: [] }
  return [
    ...(typeof exitPolicy === 'string' ? [] : checkProcessName(manifest, 'exitPolicy.process', exitPolicy.process)),
    ...problemIf(circusIni !== undefined && !isLiteral(circusIni), 'circusIni: it is read before anything has a value, so it has no placeholders'),
    ...checkPublicKeys(scope, 'top level', { pidFile }),
    ...heartbeats.flatMap((heartbeat, index) => checkHeartbeat(scope, `heartbeats.${index}`, heartbeat)),
  ]
}

const checkHeartbeat = (scope: Scope, place: string, { udp, processes, pattern, interval }: HeartbeatDeclaration): readonly string[] => {
  const source = parsePattern(pattern)?.source ?? '(?<pid>)'
  return [
    ...checkPublicKeys(scope, place, { udp }),
    ...processes.flatMap((name) => checkProcessName(scope.manifest, `${place}.processes`, name)),
    ...checkPattern(`${place}.pattern`, pattern),
    ...problemIf(!source.includes('(?<pid>'), `${place}.pattern: it has no group named "pid"`),
    ...checkPositive(place, { interval }),
  ]
}

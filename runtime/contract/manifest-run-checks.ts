// What processes and tasks have in common: command, environment, user, limits.

import type { DependencyDeclaration, Manifest, TaskDeclaration } from './manifest-schema.ts'
import { checkPublicKeys, checkPublicText, checkPublicTexts, checkTemplate } from './manifest-reference-checks.ts'
import type { Scope } from './manifest-reference-checks.ts'
import { problemIf } from './manifest-value-checks.ts'
import { renderSuggestion } from './nearest-name.ts'

export const checkRun = (scope: Scope, place: string, declaration: TaskDeclaration): readonly string[] => {
  const { command, program, environment, workingDirectory, user, group, groups, rlimits, dependsOn } = declaration
  return [
    ...checkPublicTexts(scope, `${place}.command`, command),
    ...checkPublicKeys(scope, place, { program, workingDirectory, user: user?.toString(), group: group?.toString() }),
    ...(groups ?? []).flatMap((name) => checkPublicText(scope, `${place}.groups`, String(name))),
    ...Object.entries(environment).flatMap(([name, text]) => [
      ...checkTemplate(scope, `${place}.environment.${name}`, text),
      ...problemIf(OWN_NAMES.has(name), `${place}.environment.${name}: this variable is set by the supervisor`),
    ]),
    ...Object.entries(rlimits).flatMap(([name, limit]) => checkLimit(`${place}.rlimits.${name}`, String(limit))),
    ...Object.entries(dependsOn).flatMap(([name, edge]) => checkEdge(scope.manifest, `${place}.dependsOn`, [name, edge])),
  ]
}

const OWN_NAMES: ReadonlySet<string> = new Set(['INVOCATION_ID', 'NIXPACK_PROCESS', 'NIXPACK_INDEX'])

export const checkProcessName = (manifest: Manifest, place: string, name: string): readonly string[] => {
  if (Object.hasOwn(manifest.processes, name) || manifest.circusIni !== undefined) return []
  return [`${place}: unknown process "${name}"${renderSuggestion(name, Object.keys(manifest.processes))}`]
}

const checkLimit = (place: string, limit: string): readonly string[] => {
  const [soft = 0, hard = soft] = limit.split(':').map((part) => (part === 'unlimited' ? Number.POSITIVE_INFINITY : Number(part)))
  return problemIf(soft > hard, `${place}: the soft limit is above the hard one`)
}

const checkEdge = (manifest: Manifest, place: string, [name, edge]: readonly [string, DependencyDeclaration]): readonly string[] => {
  const condition = typeof edge === 'string' ? edge : edge.condition
  const dependency = manifest.processes[name]
  const isEndless = dependency?.restart === 'always' && !dependency.oneshot
  return [
    ...checkProcessName(manifest, place, name),
    ...problemIf(condition === 'completed_successfully' && isEndless, `${place}.${name}: it never completes, as it is restarted always`),
  ]
}

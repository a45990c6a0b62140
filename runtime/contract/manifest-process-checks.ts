// The rules of one process that reach over more than one of its keys.

import type { Manifest, ProcessDeclaration, StreamDeclaration } from './manifest-schema.ts'
import { checkProbes } from './manifest-probe-checks.ts'
import { checkPublicText, checkPublicTexts } from './manifest-reference-checks.ts'
import type { Scope } from './manifest-reference-checks.ts'
import { checkRestart } from './manifest-restart-checks.ts'
import { checkRun } from './manifest-run-checks.ts'
import { checkPositive, problemIf } from './manifest-value-checks.ts'
import { renderSuggestion } from './nearest-name.ts'

export const checkProcess = (manifest: Manifest, name: string, declaration: ProcessDeclaration): readonly string[] => {
  const place = `processes.${name}`
  const scope: Scope = { manifest, owner: 'process', sockets: declaration.sockets }
  return [
    ...checkRun(scope, place, declaration),
    ...checkProbes(scope, place, declaration),
    ...checkRestart(scope, place, declaration),
    ...checkSockets(manifest, place, declaration),
    ...checkCounts(place, declaration),
    ...checkStream(scope, `${place}.stdout`, declaration.stdout),
    ...checkStream(scope, `${place}.stderr`, declaration.stderr),
    ...checkHooks(scope, `${place}.hooks`, declaration.hooks),
    ...checkPublicTexts(scope, `${place}.restartOnChange`, declaration.restartOnChange),
  ]
}

const checkSockets = (manifest: Manifest, place: string, { sockets, stdin, onDemand }: ProcessDeclaration): readonly string[] => {
  const given = stdin === 'null' ? sockets : [...sockets, stdin.socket]
  const twice = sockets.filter((name, at) => sockets.indexOf(name) !== at)
  const demanded = given.flatMap((name) => manifest.sockets[name] ?? [])
  const isUnseen = demanded.length > 0 && demanded.every(({ reusePort }) => reusePort)
  return [
    ...sockets.flatMap((name) => checkSocketName(manifest, `${place}.sockets`, name)),
    ...(stdin === 'null' ? [] : checkSocketName(manifest, `${place}.stdin.socket`, stdin.socket)),
    ...twice.map((name) => `${place}.sockets: "${name}" is passed twice`),
    ...problemIf(onDemand && given.length === 0, `${place}: "onDemand" needs "sockets": the first connection to one of them starts it`),
    ...problemIf(onDemand && isUnseen, `${place}: "onDemand" needs a socket without "reusePort": nobody else listens at the others`),
  ]
}

const checkSocketName = (manifest: Manifest, place: string, name: string): readonly string[] => {
  if (Object.hasOwn(manifest.sockets, name) || manifest.circusIni !== undefined) return []
  return [`${place}: unknown socket "${name}"${renderSuggestion(name, Object.keys(manifest.sockets))}`]
}

const checkCounts = (place: string, { singleton, numprocesses, log }: ProcessDeclaration): readonly string[] => [
  ...problemIf(singleton && numprocesses > 1, `${place}.numprocesses: there can be one of a "singleton", not ${numprocesses}`),
  ...checkPositive(`${place}.log`, { lineMax: log.lineMax }),
]

const checkStream = (scope: Scope, place: string, stream: StreamDeclaration): readonly string[] =>
  typeof stream === 'string' ? [] : [...checkPublicText(scope, `${place}.file`, stream.file), ...checkPositive(place, { maxBytes: stream.maxBytes })]

const checkHooks = (scope: Scope, place: string, hooks: ProcessDeclaration['hooks']): readonly string[] =>
  Object.entries(hooks).flatMap(([name, hook]) => [
    ...checkPublicTexts(scope, `${place}.${name}.command`, hook.command),
    ...checkPositive(`${place}.${name}`, { timeout: hook.timeout }),
  ])

// Process declarations with everything filled in: what the supervisor runs.

import { constants } from 'node:os'
import { resolve } from 'node:path'
import { parseAddress } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Manifest, ProcessDeclaration, ReadyDeclaration } from '../contract/manifest.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { parseTemplate } from '../contract/placeholder.ts'
import type { ProcessSpec, ReadyCheck, ReadySpec } from '../contract/process-spec.ts'
import { parseDurationMs, TIMER_MAX_MS } from '../contract/quantity.ts'
import { partText, renderReference, substitute } from './substitute.ts'
import type { Substitution } from './substitute.ts'
import { pickCleanEnvironment } from './user-environment.ts'
import type { Environment } from './user-environment.ts'

export type PlanContext = Substitution & { readonly environment: Environment; readonly workingDir: string }

export const planProcesses = (manifest: Manifest, context: PlanContext): readonly ProcessSpec[] =>
  Object.entries(manifest.processes).map(([name, declaration]) => planProcess(name, declaration, context))

const planProcess = (name: string, declaration: ProcessDeclaration, context: PlanContext): ProcessSpec => {
  const { command, environment, copyEnv, workingDirectory = '.', dependsOn, ready, essential } = declaration
  const inherited = copyEnv ? context.environment : pickCleanEnvironment(context.environment)
  const own = Object.entries(environment).map(([key, value]) => [key, substitute(value, context)])
  return {
    name,
    command: command.map((word) => substitute(word, context)),
    environment: { ...inherited, ...Object.fromEntries(own) },
    workingDir: resolve(context.workingDir, substitute(workingDirectory, context)),
    dependsOn,
    ready: ready === undefined ? undefined : planReady(name, ready, context),
    restart: {
      policy: declaration.restart,
      delayMs: durationMs(declaration.restartDelay),
      delayMaxMs: durationMs(declaration.restartDelayMax),
      burst: declaration.restartBurst,
      windowMs: durationMs(declaration.restartWindow),
    },
    stopSignal: parseSignal(name, declaration.stopSignal),
    gracefulTimeoutMs: durationMs(declaration.gracefulTimeout),
    essential,
  }
}

const planReady = (name: string, ready: ReadyDeclaration, context: PlanContext): ReadySpec => ({
  check: planCheck(name, ready, context),
  intervalMs: durationMs(ready.interval),
  timeoutMs: durationMs(ready.timeout),
})

const planCheck = (name: string, { tcp, unix, exec, logLine = '' }: ReadyDeclaration, context: PlanContext): ReadyCheck => {
  if (unix !== undefined) return { kind: 'unix', socketPath: substitute(unix, context) }
  if (exec !== undefined) return { kind: 'exec', command: exec.map((word) => substitute(word, context)) }
  if (tcp === undefined) return { kind: 'logLine', pattern: planPattern(logLine, context) }
  const text = substitute(tcp, context)
  const address = parseAddress(text)
  if (address !== undefined) return { kind: 'tcp', port: address.port, host: reachableHost(address.host) }
  throw new NixpackError('ENV_INVALID', `cannot tell when "${name}" is ready: expected host:port, got ${JSON.stringify(text)}`)
}

/** A server that listens on every interface is asked on the loopback one. */
const reachableHost = (host: string): string => {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** The pattern is the author's, the values in it are the user's: they match themselves. */
const planPattern = (template: string, context: PlanContext): RegExp => {
  const source = parseTemplate(template).map((part) =>
    part.kind === 'reference' ? renderReference(part.reference, context).replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`) : partText(part),
  )
  return new RegExp(source.join(''), 'u')
}

const durationMs = (text: string): number => {
  const ms = parseDurationMs(text)
  if (ms === undefined) throw new Error(`unreachable: the manifest check lets no duration like "${text}" pass`)
  return Math.min(ms, TIMER_MAX_MS)
}

const parseSignal = (name: string, text: string): NodeJS.Signals => {
  if (isSignal(text)) return text
  const suggestion = renderSuggestion(text, Object.keys(constants.signals))
  throw new NixpackError('MANIFEST_INVALID', `cannot stop "${name}" with "${text}": no such signal${suggestion}`)
}

const isSignal = (text: string): text is NodeJS.Signals => Object.hasOwn(constants.signals, text)

// Start-up, readiness and liveness: what is asked, with values filled in.

import { resolve } from 'node:path'
import { parseBindAddress } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { CheckDeclaration, LivenessDeclaration, ReadyDeclaration } from '../contract/manifest.ts'
import { parseTemplate } from '../contract/placeholder.ts'
import type { AskedCheck, LivenessSpec, ReadyCheck, ReadySpec, StartupSpec } from '../contract/process-spec.ts'
import { correctiveAction, durationMs } from './declared-values.ts'
import type { InstancePlanContext } from './plan-context.ts'
import { partText, renderReference, substitute } from './substitute.ts'

export type CheckContext = InstancePlanContext & {
  /** Of the process: what its relative paths begin with. */
  readonly processDir: string
}

export const planStartup = (startup: CheckDeclaration, context: CheckContext): StartupSpec => ({
  check: planReadyCheck(startup, context),
  intervalMs: durationMs(startup.interval),
  timeoutMs: durationMs(startup.timeout),
})

export const planReady = (ready: ReadyDeclaration, context: CheckContext): ReadySpec => ({
  ...planStartup(ready, context),
  recheckMs: ready.recheck === undefined ? undefined : durationMs(ready.recheck),
  failureThreshold: ready.failureThreshold,
})

export const planLiveness = (liveness: LivenessDeclaration, context: CheckContext): LivenessSpec => ({
  check: planLivenessCheck(liveness, context),
  intervalMs: durationMs(liveness.interval),
  timeoutMs: durationMs(liveness.timeout),
  initialDelayMs: durationMs(liveness.initialDelay),
  failureThreshold: liveness.failureThreshold,
  action: correctiveAction(liveness.action),
})

const planReadyCheck = (declaration: CheckDeclaration, context: CheckContext): ReadyCheck => {
  const { logLine, notify, fd, path } = declaration
  if (logLine !== undefined) return { kind: 'logLine', pattern: planPattern(logLine, context) }
  if (notify === true) return { kind: 'notify' }
  if (fd !== undefined) return { kind: 'fd', fd }
  if (path !== undefined) return { kind: 'path', path: resolve(context.processDir, substitute(path, context)) }
  return planAskedCheck(declaration, context)
}

const planLivenessCheck = (declaration: LivenessDeclaration, context: CheckContext): LivenessSpec['check'] =>
  declaration.watchdog === undefined ? planLivenessQuestion(declaration, context) : { kind: 'watchdog', periodMs: durationMs(declaration.watchdog) }

const planLivenessQuestion = ({ redis, ...others }: LivenessDeclaration, context: CheckContext): AskedCheck => {
  if (redis === undefined) return planAskedCheck(others, context)
  const place = substitute(redis, context)
  return place.startsWith('/') ? { kind: 'unix', socketPath: place, speaks: 'redis' } : { ...planTcp(place, context), speaks: 'redis' }
}

type AskedDeclaration = Pick<CheckDeclaration, 'tcp' | 'unix' | 'http' | 'exec'>

const planAskedCheck = ({ tcp, unix, http, exec = [] }: AskedDeclaration, context: CheckContext): AskedCheck => {
  if (unix !== undefined) return { kind: 'unix', socketPath: resolve(context.processDir, substitute(unix, context)) }
  if (tcp !== undefined) return planTcp(substitute(tcp, context), context)
  if (http !== undefined) return planHttp(substitute(http, context), context)
  return { kind: 'exec', command: exec.map((word) => substitute(word, context)) }
}

const planTcp = (text: string, context: CheckContext): Extract<AskedCheck, { kind: 'tcp' }> => {
  const address = parseBindAddress(text)
  if (address === undefined) throw refuse(context, 'host:port', text)
  return { kind: 'tcp', port: address.port, host: reachableHost(address.host) }
}

/** A server that listens on every interface is asked on the loopback one. */
const reachableHost = (host: string): string => {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

const planHttp = (text: string, context: CheckContext): AskedCheck => {
  const url = text.replace(/^(https?:\/\/)(?:0\.0\.0\.0)?(?=:\d)/, '$1127.0.0.1').replace(/^(https?:\/\/)\[::\]/, '$1[::1]')
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw refuse(context, 'a URL such as http://localhost:8000/', text)
  return { kind: 'http', url }
}

/** The pattern is the author's, the values in it are the user's: they match themselves. */
const planPattern = (template: string, context: CheckContext): RegExp => {
  const source = parseTemplate(template).map((part) =>
    part.kind === 'reference' ? renderReference(part.reference, context).replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`) : partText(part),
  )
  return new RegExp(source.join(''), 'u')
}

const refuse = ({ processInstance }: CheckContext, expected: string, text: string): NixpackError =>
  new NixpackError('ENV_INVALID', `cannot tell when "${processInstance.name}" is ready: expected ${expected}, got ${JSON.stringify(text)}`)

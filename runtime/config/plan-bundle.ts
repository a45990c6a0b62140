// Manifest and environment -> everything that is supervised. Called at the start and again by every reload.
//
//   planBundle(manifest, { variables, paths, directories, environment, workingDir, uid, host: createHostFacts(), files })
//
// `files` are those of renderFiles, `directories` those of resolveDirectories.

import { resolve } from 'node:path'
import { parseBindAddress } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { HeartbeatDeclaration, Manifest, TaskDeclaration } from '../contract/manifest.ts'
import type { HeartbeatSpec, Plan, TaskSpec } from '../contract/process-spec.ts'
import { assertDistinctAddresses } from './address-conflicts.ts'
import { durationMs } from './declared-values.ts'
import type { PlanContext } from './plan-context.ts'
import { planDependencies, planProcess } from './plan-process.ts'
import { planRun } from './plan-run.ts'
import { planSocket } from './plan-sockets.ts'
import { substitute } from './substitute.ts'

/** Throws ENV_INVALID with everything that is wrong with the values. */
export const planBundle = (manifest: Manifest, context: PlanContext): Plan => {
  const problems: NixpackError[] = []
  const sockets = planEach(manifest.sockets, problems, (name, declaration) => planSocket(name, declaration, context))
  assertNoProblem(problems)
  const bound = { ...context, socketAddresses: new Map(sockets.map(({ name, address }) => [name, address])) }
  const processes = planEach(manifest.processes, problems, (name, declaration) => planProcess({ manifest, name, declaration, sockets }, bound))
  const tasks = planEach(manifest.tasks, problems, (name, declaration) => planTask(name, declaration, bound))
  assertNoProblem(problems)
  const plan = { processes, tasks, sockets, ...planSupervision(manifest, bound) }
  assertDistinctAddresses(plan)
  return plan
}

/** What is about the supervisor rather than about one process. */
const planSupervision = (manifest: Manifest, context: PlanContext): Pick<Plan, 'heartbeats' | 'pidFilePath' | 'exitPolicy'> => {
  const { pidFile, heartbeats, exitPolicy } = manifest
  const pidFilePath = pidFile === undefined ? {} : { pidFilePath: resolve(context.workingDir, substitute(pidFile, context)) }
  return { heartbeats: heartbeats.map((heartbeat) => planHeartbeat(heartbeat, context)), ...pidFilePath, exitPolicy }
}

const planHeartbeat = ({ udp, processes, pattern, interval, maxCount }: HeartbeatDeclaration, context: PlanContext): HeartbeatSpec => {
  const text = substitute(udp, context)
  const address = parseBindAddress(text)
  if (address === undefined) throw new NixpackError('ENV_INVALID', `cannot listen for heartbeats: expected host:port, got ${JSON.stringify(text)}`)
  return { ...address, processes, pattern: new RegExp(pattern, 'u'), intervalMs: durationMs(interval), maxCount }
}

const planTask = (name: string, declaration: TaskDeclaration, context: PlanContext): TaskSpec => {
  const planAt: TaskSpec['planRun'] = ({ index, socketAddresses }) =>
    planRun(declaration, {
      ...context,
      socketAddresses: new Map([...(context.socketAddresses ?? []), ...socketAddresses]),
      processInstance: { name, index, sockets: [] },
    })
  planAt({ index: 1, socketAddresses: new Map() })
  return { name, planRun: planAt, dependsOn: planDependencies(declaration.dependsOn) }
}

const planEach = <Declaration, Spec>(
  declarations: Readonly<Record<string, Declaration>>,
  problems: NixpackError[],
  plan: (name: string, declaration: Declaration) => Spec,
): readonly Spec[] =>
  Object.entries(declarations).flatMap(([name, declaration]) => {
    try {
      return [plan(name, declaration)]
    } catch (error) {
      if (!(error instanceof NixpackError)) throw error
      problems.push(error)
      return []
    }
  })

const assertNoProblem = (problems: readonly NixpackError[]): void => {
  const [only, ...others] = problems
  if (only === undefined) return
  if (others.length === 0) throw only
  const lines = problems.map(({ message }) => `\n  - ${message}`).join('')
  const hint = problems.find((problem) => problem.hint !== undefined)?.hint
  throw new NixpackError(only.code, `cannot plan the processes:${lines}`, hint === undefined ? {} : { hint })
}

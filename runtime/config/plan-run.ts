// What a command is started with: the part that processes and tasks have in common.

import { resolve } from 'node:path'
import type { TaskDeclaration } from '../contract/manifest.ts'
import type { RunSpec } from '../contract/process-spec.ts'
import { octalNumber } from './declared-values.ts'
import { resolveIdentity } from './identity.ts'
import type { ResolvedIdentity } from './identity.ts'
import type { InstancePlanContext } from './plan-context.ts'
import { substitute } from './substitute.ts'
import { pickCleanEnvironment } from './user-environment.ts'
import type { Environment } from './user-environment.ts'

export type RunDeclaration = Omit<TaskDeclaration, 'dependsOn'>

export const planRun = (declaration: RunDeclaration, context: InstancePlanContext): RunSpec => {
  const { command, program, workingDirectory = '.', umask, nice, oomScoreAdj, rlimits } = declaration
  const { identity, environment } = planIdentity(declaration, context)
  return {
    command: command.map((word) => substitute(word, context)),
    program: program === undefined ? undefined : substitute(program, context),
    environment: planEnvironment(declaration, environment, context),
    workingDir: resolve(context.workingDir, substitute(workingDirectory, context)),
    identity,
    umask: umask === undefined ? undefined : octalNumber(umask),
    nice,
    oomScoreAdj,
    rlimits: Object.entries(rlimits).map(([name, limit]) => `${name}=${renderLimits(limit)}`),
  }
}

const planIdentity = ({ user, group, groups }: RunDeclaration, context: InstancePlanContext): ResolvedIdentity => {
  const fill = (value: string | number): string => substitute(String(value), context)
  const request = {
    subject: context.processInstance.name,
    user: user === undefined ? undefined : fill(user),
    group: group === undefined ? undefined : fill(group),
    groups: groups?.map(fill),
  }
  return resolveIdentity(request, { uid: context.uid, gid: context.host.gid, accounts: context.host.accounts })
}

/** What is known about another user takes the place of what is known about ours. */
const planEnvironment = ({ environment, copyEnv }: RunDeclaration, ofUser: Environment | undefined, context: InstancePlanContext): Environment => {
  const all = copyEnv ? context.environment : pickCleanEnvironment(context.environment)
  const inherited = ofUser === undefined ? all : { ...Object.fromEntries(Object.entries(all).filter(([name]) => !USER_NAMES.has(name))), ...ofUser }
  const own = Object.entries(environment).map(([name, value]) => [name, substitute(value, context)])
  return { ...inherited, ...Object.fromEntries(own) }
}

const USER_NAMES: ReadonlySet<string> = new Set(['HOME', 'USER', 'LOGNAME', 'SHELL'])

const renderLimits = (limit: number | string): string => {
  const [soft = '', hard = soft] = String(limit).split(':')
  return `${soft}:${hard}`
}

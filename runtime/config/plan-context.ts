// What plans are made from: the world outside, read once per start or reload.

import type { HostFacts } from './host-facts.ts'
import type { RenderedFile } from './render-files.ts'
import type { Substitution, SubstitutedInstance } from './substitute.ts'
import type { Environment } from './user-environment.ts'

export type PlanContext = Substitution & {
  /** As the user set it. */
  readonly environment: Environment
  readonly workingDir: string
  readonly uid: number
  readonly host: HostFacts
  /** For the digest of a process that refers to them. */
  readonly files: readonly RenderedFile[]
}

/** For one instance of a process, or one run of a task. */
export type InstancePlanContext = PlanContext & { readonly processInstance: SubstitutedInstance }

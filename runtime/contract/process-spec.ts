// One process as the supervisor sees it: every placeholder filled in, every duration in milliseconds.
// Made by the config area, run by the supervisor; neither knows the other.

import type { ProcessDeclaration } from './manifest-schema.ts'

export type DependencyCondition = ProcessDeclaration['dependsOn'][string]

export type ReadyCheck =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly socketPath: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | { readonly kind: 'logLine'; readonly pattern: RegExp }

export type ReadySpec = { readonly check: ReadyCheck; readonly intervalMs: number; readonly timeoutMs: number }

export type RestartSpec = {
  readonly policy: ProcessDeclaration['restart']
  readonly delayMs: number
  readonly delayMaxMs: number
  readonly burst: number
  readonly windowMs: number
}

export type ProcessSpec = {
  readonly name: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string
  readonly dependsOn: Readonly<Record<string, DependencyCondition>>
  readonly ready: ReadySpec | undefined
  readonly restart: RestartSpec
  readonly stopSignal: NodeJS.Signals
  readonly gracefulTimeoutMs: number
  readonly essential: boolean
}

export type { ExitPolicy } from './manifest-schema.ts'

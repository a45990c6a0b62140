// The keys of a process that the supervisor reads when it needs them: a run goes on when they change.

import type { ProcessDeclaration } from './manifest-schema.ts'

export const LIVE_KEYS = [
  'description',
  'numprocesses',
  'singleton',
  'autostart',
  'priority',
  'warmupDelay',
  'dependsOn',
  'restart',
  'successStatuses',
  'restartStatuses',
  'preventStatuses',
  'restartOnChange',
  'restartDelay',
  'restartDelayMax',
  'restartBurst',
  'restartWindow',
  'flapping',
  'maxRetry',
  'stopSignal',
  'stopSignals',
  'stopChildren',
  'gracefulTimeout',
  'reload',
  'essential',
] as const satisfies readonly (keyof ProcessDeclaration)[]

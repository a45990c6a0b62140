// All behaviours, in the order of their numbers.
import type { Row } from './row.ts'
import { CONFIG_ROWS } from './rows-config.ts'
import { DAEMON_ROWS } from './rows-daemon.ts'
import { FLAPPING_ROWS } from './rows-flapping.ts'
import { LIFECYCLE_ROWS } from './rows-lifecycle.ts'
import { PROCESS_ROWS } from './rows-process.ts'
import { RELOAD_ROWS } from './rows-reload.ts'
import { SIGNAL_ROWS } from './rows-signals.ts'
import { STREAM_ROWS } from './rows-streams.ts'
import { UNTESTED_ROWS } from './rows-untested.ts'
import { WATCHER_ROWS } from './rows-watcher.ts'

export const ROWS: readonly Row[] = [
  ...LIFECYCLE_ROWS,
  ...SIGNAL_ROWS,
  ...WATCHER_ROWS,
  ...RELOAD_ROWS,
  ...FLAPPING_ROWS,
  ...STREAM_ROWS,
  ...PROCESS_ROWS,
  ...DAEMON_ROWS,
  ...CONFIG_ROWS,
  ...UNTESTED_ROWS,
]

import { DAEMON_ROWS } from './rows-daemon.ts'
import { runRows } from './run-rows.ts'

runRows(DAEMON_ROWS)

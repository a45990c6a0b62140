import { SIGNAL_ROWS } from './rows-signals.ts'
import { runRows } from './run-rows.ts'

runRows(SIGNAL_ROWS)

import { PROCESS_ROWS } from './rows-process.ts'
import { runRows } from './run-rows.ts'

runRows(PROCESS_ROWS)

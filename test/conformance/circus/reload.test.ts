import { RELOAD_ROWS } from './rows-reload.ts'
import { runRows } from './run-rows.ts'

runRows(RELOAD_ROWS)

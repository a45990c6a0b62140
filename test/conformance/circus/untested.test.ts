import { UNTESTED_ROWS } from './rows-untested.ts'
import { runRows } from './run-rows.ts'

runRows(UNTESTED_ROWS)

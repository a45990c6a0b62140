import { FLAPPING_ROWS } from './rows-flapping.ts'
import { runRows } from './run-rows.ts'

runRows(FLAPPING_ROWS)

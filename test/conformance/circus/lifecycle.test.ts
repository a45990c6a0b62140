import { LIFECYCLE_ROWS } from './rows-lifecycle.ts'
import { runRows } from './run-rows.ts'

runRows(LIFECYCLE_ROWS)

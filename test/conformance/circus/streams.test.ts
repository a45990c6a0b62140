import { STREAM_ROWS } from './rows-streams.ts'
import { runRows } from './run-rows.ts'

runRows(STREAM_ROWS)

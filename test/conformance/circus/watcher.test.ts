import { WATCHER_ROWS } from './rows-watcher.ts'
import { runRows } from './run-rows.ts'

runRows(WATCHER_ROWS)

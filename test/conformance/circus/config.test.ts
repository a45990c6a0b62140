import { CONFIG_ROWS } from './rows-config.ts'
import { runRows } from './run-rows.ts'

runRows(CONFIG_ROWS)

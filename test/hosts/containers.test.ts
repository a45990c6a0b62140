import { CONTAINER_ROWS } from './container-rows.ts'
import { testRows } from './run-rows.ts'

testRows('containers', CONTAINER_ROWS)

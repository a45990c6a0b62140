import { HOST_ROWS } from './host-rows.ts'
import { testRows } from './run-rows.ts'

testRows('hosts', HOST_ROWS)

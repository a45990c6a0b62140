import { RESTRICTION_ROWS } from './restriction-rows.ts'
import { testRows } from './run-rows.ts'

testRows('restrictions', RESTRICTION_ROWS)

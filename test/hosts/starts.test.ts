import { START_ROWS } from './start-rows.ts'
import { testRows } from './run-rows.ts'

testRows('starts', START_ROWS)

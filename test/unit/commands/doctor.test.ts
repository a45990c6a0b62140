import { expect, test } from 'vitest'
import { parseArguments } from '../../../runtime/commands/arguments.ts'
import { doctor } from '../../../runtime/commands/doctor.ts'

test('doctor behind another argument reaches the runtime, which says where it belongs', () => {
  expect(parseArguments(['--instance', 'two', 'doctor', '--json'])).toMatchObject({ command: 'doctor', flags: new Set(['--json']) })
  expect(doctor).toThrow('the command "doctor" was not the first argument')
})

// Commands in the moment in which a successor runs that the supervisor does not know of yet.
import { execFile } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

import { buildProgram } from '../helpers/c-program.ts'

const PROGRAM = join(import.meta.dirname, '../programs/follows.ts')

const dir = mkdtempSync('/tmp/nixpack-test-')
// The spawner knows it by its name.
const warden = join(dir, 'nixpack-warden')
renameSync(buildProgram(join(import.meta.dirname, '../launcher/warden.c'), dir), warden)
const obeys = buildProgram(join(import.meta.dirname, '../programs/obeys.c'), dir)
afterAll(() => rmSync(dir, { recursive: true }))

const runBelowWarden = async (command: string): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(warden, [process.execPath, PROGRAM, obeys, command], { timeout: 60_000 })
  return JSON.parse(stdout)
}

// Who was killed says nothing; what is told to stop says so, once each.
test.concurrent.each([
  ['update-stop', { state: 'stopped', instances: 0, begun: 4, stopped: 2 }],
  ['update-scale', { state: 'ready', instances: 1, begun: 5, stopped: 3 }],
  ['update-listen', { state: 'ready', instances: 2 }],
  ['stop-one', { state: 'ready', instances: 1, begun: 4, stopped: 2 }],
  ['let-go', { begun: 4 }],
])('%s: nobody comes back who is not wanted, nobody is forgotten, and everything ends', { timeout: 70_000 }, async (command, expected) => {
  expect(await runBelowWarden(command)).toMatchObject(expected)
})

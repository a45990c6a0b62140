// As many lines as one likes, of several processes at once, into files that are rotated meanwhile: none is lost, none is broken.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { AMOUNTS, LONG_MS } from './amounts.ts'
import { createBundle } from './bundle.ts'
import { programPath, sharedDir } from './setup.ts'

const PROCESSES = 4
const WIDTH = 100
const BYTES = AMOUNTS.gigabytes * 1e9
const LINES = Math.ceil(BYTES / PROCESSES / WIDTH)
/** So that each process has some twenty files, none of which may be removed. */
const FILE_BYTES = Math.ceil((LINES * WIDTH) / 20)

test(`${AMOUNTS.gigabytes} GB of lines through ${PROCESSES} processes, with rotation: as many come out as went in`, { timeout: LONG_MS }, async ({ skip }) => {
  const disk = statfsSync(sharedDir())
  if (disk.bavail * disk.bsize < BYTES * 1.1) skip(`there is no room for ${AMOUNTS.gigabytes} GB in ${sharedDir()}`)
  const logDir = join(sharedDir(), 'logs')
  mkdirSync(logDir)
  const names = Array.from({ length: PROCESSES }, (_, number) => `flood-${number}`)
  const declare = (name: string) => ({
    command: [programPath('lines'), String(LINES), String(WIDTH), name],
    oneshot: true,
    stdout: { file: join(logDir, name), maxBytes: `${FILE_BYTES}B`, backupCount: 1000 },
  })
  await using bundle = await createBundle({ processes: Object.fromEntries(names.map((name) => [name, declare(name)])) })
  const start = performance.now()
  const run = bundle.start()
  // It ends when all of them have done their work.
  const status = await run.ended
  expect({ status, printed: run.printed() }).toMatchObject({ status: 0 })
  const seconds = (performance.now() - start) / 1000
  const files = names.map((name) => filesOf(logDir, name))
  const counts = files.map((paths) => execFileSync(programPath('check-lines'), [String(WIDTH), ...paths], { encoding: 'utf8' }).trim())
  console.log(`flood: ${PROCESSES} x ${LINES} lines in ${seconds.toFixed(1)} s, ${files.map(({ length }) => length).join(', ')} files`)
  expect(counts).toEqual(names.map(() => `${LINES} 0 0`))
  for (const { length } of files) expect(length).toBeGreaterThan(10)
})

/** NAME.2, NAME.1, NAME: the oldest has the largest number. */
const filesOf = (dir: string, name: string): readonly string[] => {
  const files = readdirSync(dir).filter((file) => file === name || (file.startsWith(`${name}.`) && /\.\d+$/.test(file)))
  return files.sort((left, right) => numberOf(right) - numberOf(left)).map((file) => join(dir, file))
}

const numberOf = (file: string): number => Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)

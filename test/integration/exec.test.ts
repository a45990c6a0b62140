// `exec PROC`: beside whatever runs under that name, wherever it was declared.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const INI = '[watcher:worker]\ncmd = /bin/sh -c "echo run; exec sleep 1000"\n\n[env:worker]\nCOLOUR = blue\n'

let runtime: Runtime
afterEach(() => runtime.dispose())

const exec = (...words: readonly string[]): Promise<string> => runtime.run(['exec', ...words]).then(({ stdout }) => stdout)

test('knows the watchers of a circus.ini, running or not, and what was added and changed', async () => {
  runtime = createRuntime({ circusIni: './circus.ini' })
  writeFileSync(join(runtime.dir, 'circus.ini'), INI)
  const words = ['sh', '-c', 'echo "$COLOUR"']
  expect(await exec('worker', ...words)).toBe('blue\n')
  await runtime.start().sees(/\| run/)
  expect(await exec('worker', ...words)).toBe('blue\n')
  await runtime.run(['set', 'worker', 'environment.COLOUR', 'green'])
  expect(await exec('worker', ...words)).toBe('green\n')
  await runtime.run(['add', 'late', 'sleep', '1000'])
  await runtime.run(['set', 'late', 'environment.COLOUR', 'red'])
  expect(await exec('late', ...words)).toBe('red\n')
}, 60_000)

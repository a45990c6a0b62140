// What commands say when they cannot do what was meant, and what they do not say; against a running instance.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Finished, Runtime } from '../helpers/start-runtime.ts'

const MANIFEST = {
  env: { KEY: { type: 'secret', default: '' }, COLOUR: { type: 'string', default: 'red' } },
  files: { 'app.json': { format: 'json', value: { colour: '@{nixpack:env.COLOUR}', password: '@{nixpack:env.KEY}' } } },
  processes: { bare: { command: ['/bin/sh', '-c', 'echo run; exec sleep 1000'] } },
}

let runtime: Runtime
const run = (...words: readonly string[]): Promise<Finished> => runtime.run(words, { KEY: 'x' })

beforeAll(async () => {
  runtime = createRuntime(MANIFEST)
  writeFileSync(join(runtime.dir, 'app.env'), '')
  await runtime.start(['up', '--env-file', 'app.env'], { KEY: 'x' }).sees(/run/)
})
afterAll(() => runtime.dispose())

test('exec of a program that is not there says so once', async () => {
  const { status, stderr } = await run('exec', 'no-such-program')
  expect(status).toBe(127)
  expect(stderr).toContain('demo: cannot run "no-such-program": No such file or directory ')
})

test('a signal that nobody got: why', async () => {
  expect((await run('signal', '--children', 'TERM', 'bare')).stderr).toContain('nobody got the signal: none of these runs and has children')
  expect((await run('signal', '--pid', '1', 'TERM', 'bare')).stderr).toContain('nobody got the signal: none of these has started that process')
  expect((await run('signal', 'FOO', 'bare')).stderr).toMatch(/cannot send "FOO": no such signal.*\n.*kill -l/)
})

test('what cannot be declared is refused as a change, not as a file', async () => {
  const { status, stderr } = await run('add', 'a b', '--', 'sleep', '1')
  expect(status).toBe(1)
  expect(stderr).toContain('cannot change the declaration: processes.a b: expected ')
})

test('what no record can hold is refused with a code, by whichever way it comes', async () => {
  const refusal = /: nothing can be called "__proto__" {2}\[NIXPACK_CONTROL_REFUSED\]/
  expect((await run('add', '__proto__', 'sleep', '1')).stderr).toMatch(refusal)
  expect((await run('set', 'bare', 'environment.__proto__', 'x')).stderr).toMatch(refusal)
  expect((await run('set', 'bare', 'environment', '{"__proto__":"x"}')).stderr).toMatch(refusal)
})

test('a command of no words is refused, not ignored', async () => {
  expect((await run('set', 'bare', 'command', '[]')).stderr).toContain('processes.bare.command: expected a command of at least one word')
})

test('a task is not found by what every object has', async () => {
  const { status, stderr } = await run('--instance', 'other', 'run', 'toString')
  expect(stderr).toContain('cannot run "toString": no such task  [NIXPACK_USAGE_INVALID]')
  expect(status).toBe(2)
})

test('config --diff shows what changes, and no secret, however short', async () => {
  writeFileSync(join(runtime.dir, 'app.env'), 'COLOUR=blue\n')
  const { stdout } = await run('config', '--diff')
  expect(stdout).toContain('-   "colour": "red",\n+   "colour": "blue",\n    "password": "********"\n')
})

test.each([
  ['logs', /run\n$/],
  ['events', /bare/],
])('%s -f ends when its time is over', async (command, shown) => {
  const { status, stdout } = await run(command, '-f', '--timeout', '300ms')
  expect(status).toBe(0)
  expect(stdout).toMatch(shown)
})

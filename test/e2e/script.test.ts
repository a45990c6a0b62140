// The plain bash entrypoint: what users had before, working unchanged.
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import { processesOf, until } from '../helpers/bundle-process.ts'
import { bundlePath, newUser, removeUsers } from '../helpers/e2e-bundles.ts'
import { startMarkov } from '../helpers/markov.ts'

afterEach(removeUsers)

test('the script starts redis and markov, and cleans up on SIGTERM', async () => {
  const { uid, dir } = newUser()
  const dataDir = join(dir, `it's a "dir"`)
  mkdirSync(dataDir)
  chownSync(dataDir, uid, uid)
  const markov = await startMarkov({ uid, dir, file: bundlePath('script'), env: { MARKOV_DATA_DIR: dataDir, TMPDIR: dir } })
  expect(await markov.build('a b c d e f g')).toBeLessThan(300)
  expect((await markov.generate(3)).status).toBe(200)
  expect(existsSync(join(dataDir, 'markov.data'))).toBe(true)
  markov.child.kill('SIGTERM')
  await markov.ended
  await until('no process is left', () => processesOf(uid).length === 0)
  expect(readdirSync(dir)).toEqual([`it's a "dir"`])
})

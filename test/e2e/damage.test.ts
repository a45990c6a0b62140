// A bundle that was cut or changed never runs anything wrong: it works (a byte nobody reads) or names the damage.
import { copyFileSync, openSync, closeSync, readSync, statSync, truncateSync, writeSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import { startBundle } from '../helpers/bundle-process.ts'
import { bundlePath, newUser, nixpack, removeUsers } from '../helpers/e2e-bundles.ts'
import type { BundleName } from '../helpers/e2e-bundles.ts'
import { removeUnpacked } from '../helpers/remove-unpacked.ts'

afterEach(removeUsers)

const CUTS = 200
const FLIPS = 500
/** Besides the spread ones: in the last bytes, where index and footer are. */
const TAIL_BYTES = 4000
const TAIL_FLIPS = 100

/** What an undamaged bundle prints: for the composed one without starting its processes. */
const CASES: readonly { readonly name: BundleName; readonly args: readonly string[]; readonly works: RegExp }[] = [
  { name: 'hello', args: [], works: /^Hello, world!\n$/ },
  { name: 'markov', args: ['--help'], works: /MARKOV_LISTEN_ADDR/ },
]

const launcherBytes = (name: BundleName): number => Number(JSON.parse(nixpack(['inspect', bundlePath(name), '--json'])).launcherBytes)

/** Evenly spread positions, shifted by a fraction that no power of two divides. */
const positions = (from: number, to: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => from + Math.floor(((at + 0.37) / count) * (to - from)))

const runDamaged = async (damage: (file: string) => void, what: string, at: (typeof CASES)[number]): Promise<'works' | 'refused'> => {
  const { uid, dir } = newUser()
  const file = join(dir, 'damaged')
  copyFileSync(bundlePath(at.name), file)
  damage(file)
  chmodSync(file, 0o755)
  const run = startBundle({ file, uid, cwd: dir, args: at.args, env: { NIXPACK_CACHE_DIR: join(dir, 'cache') } })
  const { status } = await run.ended
  removeUnpacked(dir)
  if (status === 0 && at.works.test(run.stdout())) return 'works'
  expect({ what, status, stdout: run.stdout(), stderr: run.stderr() }).toEqual({
    what,
    status: 125,
    stdout: '',
    stderr: expect.stringMatching(/NIXPACK_PAYLOAD_|bare launcher/),
  })
  return 'refused'
}

const flip = (file: string, position: number): void => {
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, position)
  writeSync(descriptor, Buffer.from([byte.readUInt8(0) ^ (1 << (position % 8))]), 0, 1, position)
  closeSync(descriptor)
}

test.each(CASES)('$name cut at any length names the damage', async (at) => {
  const size = statSync(bundlePath(at.name)).size
  for (const length of [...positions(launcherBytes(at.name), size, CUTS), size - 1]) {
    expect(await runDamaged((file) => truncateSync(file, length), `cut at ${length}`, at)).toBe('refused')
  }
})

test.each(CASES)('$name with any bit flipped works or names the damage', async (at) => {
  const size = statSync(bundlePath(at.name)).size
  for (const position of [...positions(launcherBytes(at.name), size, FLIPS), ...positions(size - TAIL_BYTES, size, TAIL_FLIPS)]) {
    expect(['works', 'refused']).toContain(await runDamaged((file) => flip(file, position), `bit flipped at ${position}`, at))
  }
})

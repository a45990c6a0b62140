// The same closure gives the same bytes: in another directory, at another time, under another umask, without caches.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { nixpack } from '../helpers/e2e-bundles.ts'

test('two bundlings are the same bytes', () => {
  const workDir = mkdtempSync(join(tmpdir(), 'nixpack-same-'))
  try {
    const [first, second] = [0o022, 0o077].map((umask, at) => {
      const dir = join(workDir, `${at}`.repeat(at + 1))
      mkdirSync(dir)
      const before = process.umask(umask)
      nixpack(['bundle', 'fixtures/markov/markov.nix#entrypoint', '--quiet', '--level', '3', '--jobs', `${at + 1}`, '--output', join(dir, 'markov')], {
        NIXPACK_FRAME_CACHE: join(dir, 'frames'),
      })
      process.umask(before)
      return readFileSync(join(dir, 'markov'))
    })
    expect(first !== undefined && second !== undefined && first.equals(second)).toBe(true)
  } finally {
    rmSync(workDir, { recursive: true })
  }
})

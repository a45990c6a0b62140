import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { readRuntime } from '../../src/sea/runtime-tree.ts'

test('a runtime that was not built is named, with what builds it', async () => {
  await expect(readRuntime('/nonexistent', 'aarch64-linux', '1.0')).rejects.toMatchObject({
    code: 'RUNTIME_MISSING',
    message: expect.stringContaining('aarch64-linux'),
    hint: 'build it with: make runtime',
  })
})

test("the runtime's dynamic linker does not ask for what the host wants in every program", () => {
  const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'
  const libraryDir = join(import.meta.dirname, '..', '..', 'build', 'runtime', system, 'tree', 'lib')
  const linker = readdirSync(libraryDir).find((name) => name.startsWith('ld-linux'))
  const bytes = readFileSync(join(libraryDir, linker ?? ''))
  expect(bytes.includes('/etc/ld.so.preload')).toBe(false)
  expect(bytes.includes('/nix/no/ld.preload')).toBe(true)
})

// What is given back, in a process whose pages are really gone afterwards.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const MODULE = join(import.meta.dirname, '../../runtime/supervisor/idle-memory.ts')

/** The machine code of a file is mapped at the first release, and memory in its place at the second. */
const SCRIPT = `
import { openSync, readFileSync } from 'node:fs'
import { createIdleMemory } from '${MODULE}'
const ffi = process.getBuiltinModule('node:ffi')
const { mmap } = ffi.dlopen('libc.so.6', { mmap: { arguments: ['u64', 'u64', 'i32', 'i32', 'i32', 'u64'], return: 'u64' } }).functions
const [READ, WRITE, EXECUTE, PRIVATE, FIXED_ANONYMOUS] = [1, 2, 4, 2, 0x32]
const sizeOf = (address) => new RegExp('^0*' + address.toString(16) + '-[^]*?^Rss: +([0-9]+)', 'm').exec(readFileSync('/proc/self/smaps', 'latin1'))[1]
const file = openSync(process.execPath, 'r')
const mapCode = () => {
  const address = mmap(0n, 65536n, READ | EXECUTE, PRIVATE, file, 0n)
  ffi.getUint8(address, 0)
  return address
}
const memory = createIdleMemory(10)
const untilGiven = async (address) => {
  memory.postponeRelease()
  for (const end = Date.now() + 20_000; sizeOf(address) !== '0' && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 20))
}
const address = mapCode()
const before = sizeOf(address)
await untilGiven(address)
const after = sizeOf(address)
mmap(address, 65536n, READ | WRITE, FIXED_ANONYMOUS, -1, 0n)
ffi.setUint8(address, 0, 77)
await untilGiven(mapCode())
console.log(JSON.stringify({ isMapped: before !== '0', isGivenBack: after === '0', written: ffi.getUint8(address, 0) }))
`

test('code is given back, and never what was written where code had been', () => {
  const options = ['--experimental-ffi', '--no-warnings', '--input-type=module', '--eval', SCRIPT]
  const answer: unknown = JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' }))
  expect(answer).toEqual({ isMapped: true, isGivenBack: true, written: 77 })
})

/** Old enough that no small collection takes it. */
const GARBAGE = `
import { createIdleMemory } from '${MODULE}'
const makeGarbage = () => {
  let garbage = Array.from({ length: 400_000 }, (_, number) => ({ number }))
  globalThis.gc({ type: 'minor', execution: 'sync' })
  globalThis.gc({ type: 'minor', execution: 'sync' })
  return garbage.length
}
const rest = async (until) => {
  for (const end = Date.now() + 20_000; !until() && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 20))
}
const held = () => process.memoryUsage().heapUsed / 1e6
const memory = createIdleMemory(10)
memory.postponeRelease()
await new Promise((resolve) => setTimeout(resolve, 100))
const before = held()
makeGarbage()
const made = held()
memory.postponeRelease()
await rest(() => held() < before + 1)
console.log(JSON.stringify({ isMade: made > before + 5, isCollected: held() < before + 1 }))
`

test('garbage is collected when there is more of it than before', () => {
  const options = ['--experimental-ffi', '--expose-gc', '--no-warnings', '--input-type=module', '--eval', GARBAGE]
  const answer: unknown = JSON.parse(execFileSync(process.execPath, options, { encoding: 'utf8' }))
  expect(answer).toEqual({ isMade: true, isCollected: true })
})

// Counts line feeds sixteen bytes at a time, seven times as fast as searching for one after the other: a process that
// writes a gigabyte per second is counted exactly. WebAssembly sees its own memory only, so pipes are read into it.

/** Made when a process first writes much; the same for all. Undefined where address space is too short for it. */
export const resolveCountingMemory = (): Buffer | undefined => {
  if (counter === undefined) counter = createCounter()
  return counter === 'impossible' ? undefined : counter.memory
}

/** Undefined for what lies elsewhere. */
export const countInMemory = (bytes: Buffer): number | undefined => {
  if (counter === undefined || counter === 'impossible' || bytes.buffer !== counter.memory.buffer) return undefined
  const whole = bytes.length - (bytes.length % BLOCK_BYTES)
  let count = counter.count(bytes.byteOffset, bytes.byteOffset + whole)
  for (let at = whole; at < bytes.length; at += 1) if (bytes[at] === 0x0a) count += 1
  return count
}

type Counter = { readonly memory: Buffer; readonly count: (start: number, end: number) => number }

let counter: Counter | 'impossible' | undefined

const BLOCK_BYTES = 16
/** Of 64 KiB: a read of 256 KiB, and before it the beginning of its first line. */
const PAGES = 5

const createCounter = (): Counter | 'impossible' => {
  try {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MODULE_HEX.join('').replaceAll(' ', ''), 'hex')), { m: { m: memory } })
    const { c: count } = exports
    if (typeof count !== 'function') throw new Error('unreachable: the module exports c')
    return { memory: Buffer.from(memory.buffer), count: (start, end) => Number(count(start, end)) }
  } catch (error) {
    // V8 reserves gigabytes of addresses for a memory, which `ulimit -v` may refuse.
    if (error instanceof RangeError) return 'impossible'
    throw error
  }
}

// (func (export "c") (param $at i32) (param $end i32) (result i32) (local $count i32)
//   (block (loop
//     (br_if 1 (i32.ge_u (local.get $at) (local.get $end)))
//     (local.set $count (i32.add (local.get $count)
//       (i32.popcnt (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))))))
//     (local.set $at (i32.add (local.get $at) (i32.const 16)))
//     (br 0)))
//   (local.get $count))
const BODY = [
  '01 01 7f',
  '02 40 03 40',
  '20 00 20 01 4f 0d 01',
  '20 02 20 00 fd 00 00 00 41 0a fd 0f fd 23 fd 64 69 6a 21 02',
  '20 00 41 10 6a 21 00',
  '0c 00 0b 0b 20 02 0b',
]

/** Magic number and version; the type of the function; its memory, imported; the function; its export; its body of 48 bytes. */
const MODULE_HEX = [
  '00 61 73 6d 01 00 00 00',
  '01 07 01 60 02 7f 7f 01 7f',
  '02 08 01 01 6d 01 6d 02 00 01',
  '03 02 01 00',
  '07 05 01 01 63 00 00',
  '0a 32 01 30',
  ...BODY,
]

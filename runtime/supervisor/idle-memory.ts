// What work has left in memory is given back when nothing more happens: free pages of the allocator (10 MB after a thousand
// restarts), pages of Node's file, and, when that is not enough, garbage. Linux maps what lies around every page that is
// touched, so half of 116 MB stays mapped for a supervisor that sleeps. These pages remain in the page cache: who needs one
// again finds it within microseconds.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readText } from './process-tree.ts'

export type IdleMemory = {
  /** Something has happened: memory is given back when nothing else does for a while. */
  readonly postponeRelease: () => void
  readonly cancel: () => void
}

const QUIET_MS = 3000
/** Threads of V8 free what the collection has found. */
const SWEEP_MS = 500
const GROWTH_BYTES = 2_000_000

export const createIdleMemory = (quietMs = QUIET_MS): IdleMemory => {
  let timer: NodeJS.Timeout | undefined
  let releasePages: (() => void) | undefined
  let collectGarbage: (() => void) | undefined
  let leastBytes = Number.POSITIVE_INFINITY
  const release = (): number => {
    releasePages ??= createPageRelease()
    releasePages()
    return readOwnBytes()
  }
  const rest = (): void => {
    const heldBytes = release()
    leastBytes = Math.min(leastBytes, heldBytes)
    if (hasGrown(heldBytes)) {
      // Some 50 ms, and what has been compiled is garbage, too: the next restart takes 3 ms more.
      collectGarbage ??= createCollector()
      collectGarbage()
      timer = setTimeout(acceptGrowth, SWEEP_MS).unref()
    }
  }
  const acceptGrowth = (): void => {
    const heldBytes = release()
    if (hasGrown(heldBytes)) leastBytes = heldBytes
  }
  const hasGrown = (heldBytes: number): boolean => heldBytes - leastBytes > GROWTH_BYTES
  return {
    postponeRelease: () => {
      clearTimeout(timer)
      timer = setTimeout(rest, quietMs).unref()
    },
    cancel: () => clearTimeout(timer),
  }
}

/** Whatever can be found: a plain collection leaves 6 MB more after a thousand restarts. */
const createCollector = (): (() => void) => {
  // Only while it is looked for: with this option at the start, V8 refuses Node's own code cache.
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** Without pages of files, which come and go. */
const readOwnBytes = (): number => {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readText('/proc/self/status')) ?? []
  return kilobytes === undefined ? process.memoryUsage.rss() : Number(kilobytes) * 1024
}

const MADV_DONTNEED = 4

/** Last those pages that everything before needs. Looked for each time: what was code may be somebody's data by now. */
const createPageRelease = (): (() => void) => {
  const libc = loadLibc()
  if (libc === undefined) return () => {}
  return () => {
    libc.malloc_trim(0n)
    for (const { address, lengthBytes } of parseCleanRanges(readText('/proc/self/maps'))) libc.madvise(address, lengthBytes, MADV_DONTNEED)
  }
}

/** Undefined where Node has no such interface, as when it runs from source: then the pages stay. */
const loadLibc = () => {
  try {
    return process.getBuiltinModule('node:ffi')?.dlopen('libc.so.6', {
      madvise: { arguments: ['u64', 'u64', 'i32'], return: 'i32' },
      malloc_trim: { arguments: ['u64'], return: 'i32' },
    }).functions
  } catch {
    // Less memory is a wish, nothing depends on it.
    return undefined
  }
}

export type PageRange = { readonly address: bigint; readonly lengthBytes: bigint }

type Mapping = PageRange & { readonly access: string; readonly file: string }

/**
 * The mappings of ELF files that are never written to, so that the kernel reads them again from the file: machine code, the
 * headers in front of it, and the constants behind it. What follows those is relocated at the start, then read-only, too, and
 * would be lost. Nothing is taken from smaps, which emulators make up.
 */
export const parseCleanRanges = (maps: string): readonly PageRange[] => {
  const mappings = maps.split('\n').flatMap(parseMapping)
  return mappings.filter(({ access, file }, at) => {
    const accessOf = (neighbour: Mapping | undefined): string | undefined => (neighbour?.file === file ? neighbour.access : undefined)
    const [before, after] = [accessOf(mappings[at - 1]), accessOf(mappings[at + 1])]
    return access === 'r-xp' || (access === 'r--p' && (after === 'r-xp' || (before === 'r-xp' && after === 'r--p')))
  })
}

const parseMapping = (line: string): readonly Mapping[] => {
  const [, start, end, access = '', file = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ [1-9]\d* +(\/.*)$/.exec(line) ?? []
  if (start === undefined) return []
  const address = BigInt(`0x${start}`)
  return [{ address, lengthBytes: BigInt(`0x${end}`) - address, access, file }]
}

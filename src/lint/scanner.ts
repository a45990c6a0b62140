// Finds store path hashes and mentions of the store in a stream of bytes, however it is divided into chunks. Which
// hashes matter is not known here: every run of 32 or more characters that a hash could consist of is reported. Pure.
const STORE_DIR = '/nix/store'
export const HASH_LENGTH = 32

/** How a run of hash characters is written. `no-hash` is a mention of the store that no store path follows; its run is empty. */
export type Form = 'reference' | 'escaped' | 'bare-hash' | 'utf-16' | 'utf-32' | 'no-hash'

/** The form is that of the run's first 32 characters; `at` is their position in the stream. */
export type Sighting = { readonly form: Form; readonly run: string; readonly at: number }

/** `end` reports what the last bytes hold; after that the scanner takes another stream. */
export type Scanner = { readonly feed: (chunk: Buffer) => void; readonly end: () => void }

/** What a sighting depends on: the bytes in front of it, and a hash in UTF-32 with a byte more. */
const LOOK_BEHIND = 32
const LOOK_AHEAD = 160
/** Below, copying a chunk behind the last bytes of the one before costs nothing. */
const SMALL_CHUNK = 1 << 16

type Part = { readonly bytes: Buffer; readonly base: number; readonly from: number; readonly limit: number }

export const createScanner = (report: (sighting: Sighting) => void): Scanner => {
  let pending = Buffer.alloc(0)
  let pendingBase = 0
  /** Everything in front of it in `pending` was looked at. */
  let pendingFrom = 0
  const keep = (bytes: Buffer, base: number, from: number): void => {
    const start = Math.max(0, from - LOOK_BEHIND)
    pending = Buffer.from(bytes.subarray(start))
    pendingBase = base + start
    pendingFrom = from - start
  }
  const advance = (bytes: Buffer, base: number, from: number): void => {
    const limit = Math.max(from, bytes.length - LOOK_AHEAD)
    scan({ bytes, base, from, limit }, report)
    keep(bytes, base, limit)
  }
  return {
    feed: (chunk) => {
      if (chunk.length < SMALL_CHUNK) {
        advance(Buffer.concat([pending, chunk]), pendingBase, pendingFrom)
        return
      }
      const base = pendingBase + pending.length
      const seam = Buffer.concat([pending, chunk.subarray(0, LOOK_BEHIND + LOOK_AHEAD)])
      scan({ bytes: seam, base: pendingBase, from: pendingFrom, limit: pending.length + LOOK_BEHIND }, report)
      advance(chunk, base, LOOK_BEHIND)
    },
    end: () => {
      scan({ bytes: pending, base: pendingBase, from: pendingFrom, limit: pending.length }, report)
      keep(Buffer.alloc(0), 0, 0)
    },
  }
}

const STRIDES = [1, 2, 4] as const
type Stride = (typeof STRIDES)[number]

/** Reports what starts in [from, limit). */
const scan = (part: Part, report: (sighting: Sighting) => void): void => {
  for (const stride of STRIDES) for (let phase = 0; phase < stride; phase++) scanRuns(part, { stride, start: part.from + phase }, report)
  scanMentions(part, report)
}

/** Nix' base 32: no e, o, t, u. */
const IS_HASH_BYTE = new Uint8Array(256)
for (const byte of Buffer.from('0123456789abcdfghijklmnpqrsvwxyz')) IS_HASH_BYTE[byte] = 1

type Wide = { readonly stride: Stride; readonly start: number }

/** All positions of one parity: in wide encodings characters are `stride` bytes apart, with zeros between. */
const scanRuns = (part: Part, { stride, start: first }: Wide, report: (sighting: Sighting) => void): void => {
  const { bytes, limit } = part
  const span = (HASH_LENGTH - 1) * stride
  let start = first
  while (start < limit && start + span < bytes.length) {
    const stop = lastStop(bytes, { stride, start })
    if (stop === undefined) start = reportRun(part, { stride, start }, report)
    else start = isHashByte(bytes, stop) ? stop : stop + stride
  }
}

/**
 * The last position that ends every hash from `start` on: from the last character backwards, because almost always that
 * is none of a hash, and all the hashes that would contain it are passed over at once. It may be the first of another.
 */
const lastStop = (bytes: Buffer, { stride, start }: Wide): number | undefined => {
  for (let at = start + (HASH_LENGTH - 1) * stride; at > start; at -= stride) if (!follows(bytes, at, stride)) return at
  return isHashByte(bytes, start) ? undefined : start
}

/** Reports the run from `start` on, as far as hashes in it start before the limit; returns where it ends. */
const reportRun = ({ bytes, base, limit }: Part, { stride, start }: Wide, report: (sighting: Sighting) => void): number => {
  let end = start + HASH_LENGTH * stride
  while (end < bytes.length && follows(bytes, end, stride)) end += stride
  const lastStart = Math.min(end - HASH_LENGTH * stride, limit - 1)
  const length = Math.floor((lastStart - start) / stride) + HASH_LENGTH
  report({ form: WIDE_FORMS[stride] ?? formOf(bytes, start), run: textOf(bytes, start, { stride, length }), at: base + start })
  return end
}

const WIDE_FORMS = { 1: undefined, 2: 'utf-16', 4: 'utf-32' } as const

const isHashByte = (bytes: Buffer, at: number): boolean => IS_HASH_BYTE[bytes[at] ?? 0] === 1

/** Whether the byte is one of a hash, with nothing but zeros since the character before. */
const follows = (bytes: Buffer, at: number, stride: Stride): boolean => {
  if (IS_HASH_BYTE[bytes[at] ?? 0] !== 1) return false
  if (stride === 1) return true
  return bytes[at - 1] === 0 && (stride === 2 || (bytes[at - 2] === 0 && bytes[at - 3] === 0))
}

const textOf = (bytes: Buffer, start: number, { stride, length }: { stride: Stride; length: number }): string => {
  if (stride === 1) return bytes.toString('latin1', start, start + length)
  return Buffer.from(Uint8Array.from({ length }, (_, at) => bytes[start + at * stride] ?? 0)).toString('latin1')
}

const PREFIX = Buffer.from(`${STORE_DIR}/`)
/** As JSON and regular expressions write it, also inside a string of another language. */
const ESCAPED_PREFIX = /\\*\/nix\\+\/store\\+\/$/

const formOf = (bytes: Buffer, start: number): Form => {
  if (start >= PREFIX.length && PREFIX.compare(bytes, start - PREFIX.length, start) === 0) return 'reference'
  return ESCAPED_PREFIX.test(bytes.toString('latin1', Math.max(0, start - LOOK_BEHIND), start)) ? 'escaped' : 'bare-hash'
}

const MENTION = Buffer.from(STORE_DIR)
/** Also the hash of e's that stands where a reference was removed on purpose. */
const STORE_PATH = /^\/[0-9a-z]{32}/

const scanMentions = ({ bytes, base, from, limit }: Part, report: (sighting: Sighting) => void): void => {
  for (let at = bytes.indexOf(MENTION, from); at !== -1 && at < limit; at = bytes.indexOf(MENTION, at + MENTION.length)) {
    const behind = at + MENTION.length
    if (!STORE_PATH.test(bytes.toString('latin1', behind, behind + HASH_LENGTH + 1))) report({ form: 'no-hash', run: '', at: base + at })
  }
}

// Whole lines on their way to a file, copied into blocks of memory that are used again and again: a process that
// writes without end costs no allocations, one that says little costs little.

export type LineBatch = {
  readonly bytes: Buffer
  /** Who is told of lines that are lost, and up to where they are theirs. */
  readonly owners: readonly LineOwner[]
}

export type LineOwner = { readonly end: number; readonly dropped: (lines: number) => void }

export type LineQueue = {
  readonly sizeBytes: number
  push(bytes: Buffer, dropped: LineOwner['dropped']): void
  /** To be given back by `release`. */
  shift(): LineBatch | undefined
  release(batch: LineBatch): void
}

type Block = { readonly memory: Buffer; filled: number; owners: LineOwner[] }

export const createLineQueue = (): LineQueue => {
  let blocks: Block[] = []
  let sizeBytes = 0
  return {
    get sizeBytes() {
      return sizeBytes
    },
    push(bytes, dropped) {
      const block = resolveBlock(blocks, bytes.length)
      bytes.copy(block.memory, block.filled)
      block.filled += bytes.length
      sizeBytes += bytes.length
      if (block.owners.at(-1)?.dropped === dropped) block.owners.pop()
      block.owners.push({ end: block.filled, dropped })
    },
    shift() {
      const [first, ...rest] = blocks
      if (first === undefined) return undefined
      blocks = rest
      sizeBytes -= first.filled
      return { bytes: first.memory.subarray(0, first.filled), owners: first.owners }
    },
    release({ bytes }) {
      if (bytes.buffer.byteLength === BLOCK_BYTES && spare.length < SPARE_BLOCKS) spare.push(Buffer.from(bytes.buffer))
    },
  }
}

/** Two of the largest reads, with the beginnings of their lines. */
const BLOCK_BYTES = 589_824
const SMALL_BYTES = 4096

/** Of all queues. */
const SPARE_BLOCKS = 4
const spare: Buffer[] = []

const resolveBlock = (blocks: Block[], neededBytes: number): Block => {
  const last = blocks.at(-1)
  if (last !== undefined && last.memory.length - last.filled >= neededBytes) return last
  const block = { memory: takeMemory(neededBytes, last !== undefined), filled: 0, owners: [] }
  blocks.push(block)
  return block
}

const takeMemory = (neededBytes: number, isBusy: boolean): Buffer => {
  if (neededBytes > BLOCK_BYTES) return Buffer.allocUnsafeSlow(neededBytes)
  if (neededBytes <= SMALL_BYTES && !isBusy) return Buffer.allocUnsafeSlow(SMALL_BYTES)
  return spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
}

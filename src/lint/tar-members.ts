// The members of a tar archive in a stream, one after the other: only as much of the format as tells where each begins
// and ends. Ends quietly where the archive is no longer one; its bytes are looked at elsewhere.
const BLOCK = 512
const SIZE_AT = 124
const SIZE_DIGITS = 12

/** The contents of all members in their order; each has to be read, or left, before the next is asked for. Reads the stream to its end. */
export async function* tarMembers(chunks: AsyncIterable<Buffer>): AsyncGenerator<AsyncIterable<Buffer>> {
  const reader = createReader(chunks)
  for (;;) {
    const header = await reader.block()
    const sizeBytes = header === undefined ? undefined : sizeOf(header)
    if (sizeBytes === undefined) break
    const member = reader.member(sizeBytes)
    yield member
    for await (const _rest of member) continue
    await skip(reader.member((BLOCK - (sizeBytes % BLOCK)) % BLOCK))
  }
  await skip(reader.member(Number.MAX_SAFE_INTEGER))
}

const skip = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
  for await (const _chunk of chunks) continue
}

/** Octal digits that end with a space or a zero byte; anything else, such as the end of the archive, is no size. */
const sizeOf = (header: Buffer): number | undefined => {
  const [, digits] = /^ *([0-7]{1,12})[ \0]*$/.exec(header.toString('latin1', SIZE_AT, SIZE_AT + SIZE_DIGITS)) ?? []
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

type Reader = { readonly block: () => Promise<Buffer | undefined>; readonly member: (sizeBytes: number) => AsyncIterable<Buffer> }

const createReader = (chunks: AsyncIterable<Buffer>): Reader => {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const take = async (most: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) {
      const next = await iterator.next()
      if (next.done === true) return undefined
      rest = next.value
    }
    const taken = rest.subarray(0, most)
    rest = rest.subarray(taken.length)
    return taken
  }
  const member = (sizeBytes: number): AsyncIterable<Buffer> => {
    let left = sizeBytes
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      const chunk = left === 0 ? undefined : await take(left)
      left -= chunk?.length ?? left
      return chunk === undefined ? { done: true, value: undefined } : { done: false, value: chunk }
    }
    // No generator: leaving a loop over one would end it, and the rest has to be skipped.
    return { [Symbol.asyncIterator]: () => ({ next }) }
  }
  const block = async (): Promise<Buffer | undefined> => {
    const parts: Buffer[] = []
    for await (const part of member(BLOCK)) parts.push(part)
    const bytes = Buffer.concat(parts)
    return bytes.length === BLOCK ? bytes : undefined
  }
  return { block, member }
}

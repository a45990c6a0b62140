// Server-sent events -> values, as far as our own server uses the format: `event`, `id` and `data`, one line each.

export type ServerEvent = { readonly kind: string; readonly id?: number; readonly data: string }

export async function* parseServerEvents(chunks: AsyncIterable<unknown>): AsyncGenerator<ServerEvent> {
  let pending = ''
  for await (const chunk of untilBroken(chunks)) {
    const blocks = `${pending}${String(chunk)}`.split('\n\n')
    pending = blocks.pop() ?? ''
    if (pending.length > EVENT_MAX) throw new Error(`it sends an event of more than ${EVENT_MAX} characters`)
    for (const block of blocks) yield parseBlock(block)
  }
}

/** Ours are much smaller. */
const EVENT_MAX = 67_108_864

/** A server that is killed ends the stream like one that stops. */
async function* untilBroken(chunks: AsyncIterable<unknown>): AsyncGenerator {
  try {
    yield* chunks
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
  }
}

const parseBlock = (block: string): ServerEvent => {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
  const id = fields.get('id')
  return { kind: fields.get('event') ?? 'message', ...(id === undefined ? {} : { id: Number(id) }), data: fields.get('data') ?? '' }
}

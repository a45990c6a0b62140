// The bytes between supervisor and spawner: a length (32 bits, little-endian), then strings that end with NUL: verb, id,
// and fields "key=value". The other side is runtime/launcher/spawner-frame.c.

export type SpawnerMessage = { readonly verb: string; readonly id: string; readonly fields: readonly string[] }

/** What cannot be sent is named. */
export const renderFrame = ({ verb, id, fields }: SpawnerMessage): Buffer | Error => {
  const strings = [verb, id, ...fields]
  const unsendable = strings.find((text) => text.includes('\0'))
  if (unsendable !== undefined) return new Error(`${renderField(unsendable)} holds a NUL`)
  const body = Buffer.from(`${strings.join('\0')}\0`)
  if (body.length > FRAME_LIMIT || strings.length > STRINGS_LIMIT) return new Error('argument list too long')
  const head = Buffer.alloc(4)
  head.writeUInt32LE(body.length)
  return Buffer.concat([head, body])
}

/** Without its value, which may be a secret. */
const renderField = (field: string): string => {
  const variable = /^env=([^=\0]*)=/.exec(field)?.[1]
  return variable === undefined ? `its ${/^[a-z-]*/.exec(field)?.[0]}` : `its variable "${variable}"`
}

const FRAME_LIMIT = 8 * 2 ** 20
const STRINGS_LIMIT = 2 ** 17

/** Returns what has become complete with these bytes. */
export const createFrameParser = (): ((chunk: Buffer) => readonly SpawnerMessage[]) => {
  let pending = Buffer.alloc(0)
  return (chunk) => {
    const messages: SpawnerMessage[] = []
    let rest = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE()) {
      const end = 4 + rest.readUInt32LE()
      messages.push(parseBody(rest.toString('utf8', 4, end)))
      rest = rest.subarray(end)
    }
    pending = Buffer.from(rest)
    return messages
  }
}

const parseBody = (body: string): SpawnerMessage => {
  const [verb = '', id = '', ...fields] = body.split('\0').slice(0, -1)
  return { verb, id, fields }
}

export const findField = ({ fields }: SpawnerMessage, key: string): string | undefined =>
  fields.find((field) => field.startsWith(`${key}=`))?.slice(key.length + 1)

export const selectFields = ({ fields }: SpawnerMessage, key: string): readonly string[] =>
  fields.flatMap((field) => (field.startsWith(`${key}=`) ? [field.slice(key.length + 1)] : []))

/** Zero when there is none. */
export const findNumber = (message: SpawnerMessage, key: string): number => Number(findField(message, key) ?? 0)

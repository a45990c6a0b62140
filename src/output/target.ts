// The place where the bundle will be: looked at before the work begins, because that may take minutes.
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import { NixpackError } from '../../runtime/contract/errors.ts'

/** Throws OUTPUT_UNWRITABLE when no bundle can be written to `path`. */
export const assertWritableTarget = async (path: string): Promise<void> => {
  await assertReplaceable(path)
  const dir = dirname(path)
  await access(dir, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new NixpackError('OUTPUT_UNWRITABLE', `cannot write bundle "${path}": the directory "${dir}" is missing or cannot be written to`, {
      cause,
      hint: `make it, or choose another file with -o`,
    })
  })
  const stats = await stat(dir)
  if (!stats.isDirectory()) {
    throw new NixpackError('OUTPUT_UNWRITABLE', `cannot write bundle "${path}": "${dir}" is not a directory`, { hint: 'choose another file with -o' })
  }
}

/** The rename would put a regular file in the place of a device such as /dev/null. */
const assertReplaceable = async (path: string): Promise<void> => {
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined || stats.isFile()) return
  const reason = stats.isDirectory() ? 'there is a directory of this name' : 'it is not a regular file'
  throw new NixpackError('OUTPUT_UNWRITABLE', `cannot write bundle "${path}": ${reason}`, { hint: 'choose another file with -o' })
}

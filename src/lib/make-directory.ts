// `mkdir -p`. Not Node's own `recursive: true`: Node 26 never returns from it below a directory that exists and takes
// no entries, such as /proc.
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

import { isErrno } from './errno.ts'

/** Makes a private directory and those above it; what exists stays as it is. Rejects with the system's error. */
export const makePrivateDirectory = async (dir: string): Promise<void> => {
  const above = dirname(dir)
  if (!existsSync(above) && above !== dir) await makePrivateDirectory(above)
  await mkdir(dir, { mode: 0o700 }).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error
  })
}

// `mkdir -p`. Not Node's own `recursive: true`: Node 26 never returns from it below a directory that exists and takes
// no entries, such as /proc.
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes a directory and those above it; what exists stays as it is. Throws the system's error. */
export const makeDirectory = (dir: string, mode = 0o777): void => {
  try {
    mkdirSync(dir, { mode })
  } catch (error) {
    if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return
    const above = dirname(dir)
    if (existsSync(above) || above === dir) throw error
    makeDirectory(above, mode)
    mkdirSync(dir, { mode })
  }
}

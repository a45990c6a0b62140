import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

export const isOnPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK)
      return true
    } catch {
      // The next one may have it.
      return false
    }
  })

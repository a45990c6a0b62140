import { rmSync } from 'node:fs'

/** Removes a directory with a cache in it, in which a process that a bundle has left behind may still write the durable marks: seconds after its end. */
export const removeUnpacked = (dir: string): void => rmSync(dir, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 })

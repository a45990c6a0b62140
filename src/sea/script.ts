// The script of the supervisor as the executable carries it: its source, and the code that V8 has made of it before.
import { Script } from 'node:vm'

export const ASSETS = { source: 'supervisor.js', code: 'supervisor.code' } as const

/** A bundle of modules as a function that starts it in the given process. What is not Latin-1 is escaped in `bundled`. */
export const wrapSource = (bundled: string): string => `(function(process){"use strict";const require=(name)=>process.getBuiltinModule(name);${bundled}\n})`

export type CompiledScript = { readonly script: Script; readonly start: (process: NodeJS.Process) => void }

/** `code` is refused (`script.cachedDataRejected`) when another Node has made it, or this one with other options. */
export const compileScript = (source: Uint8Array, code?: Uint8Array): CompiledScript => {
  const text = Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString('latin1')
  // The name is that of stack traces.
  const script = new Script(text, { filename: ASSETS.source, ...(code === undefined ? {} : { cachedData: code }) })
  return { script, start: script.runInThisContext() }
}

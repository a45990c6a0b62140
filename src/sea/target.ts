// The system that the runtime is built for, and how this machine works with its programs: as they are, or, when they are
// for another processor, with qemu-user, a directory of their libraries, and tools of their own.
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'

import { MACHINES } from '../../runtime/contract/bundle-format.ts'
import type { System } from '../../runtime/contract/bundle-format.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'
import { findTool } from '../lib/find-tool.ts'

/** `libraryRoot`: the directory that is / for foreign programs; undefined for those of this machine. */
export type Target = { readonly system: System; readonly nodePath: string; readonly libraryRoot: string | undefined }

export const hostSystem = (): System => (process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux')

/** What builds the runtime for a system. */
export const makeCommand = (system: System): string => (system === hostSystem() ? 'make runtime' : `make runtime SYSTEM=${system}`)

/** The pinned Node that runs this, or for another system what .ci/cross has put into `crossDir`. */
export const targetOf = (system: System, crossDir: string | undefined): Target =>
  crossDir === undefined
    ? { system, nodePath: process.execPath, libraryRoot: undefined }
    : { system, nodePath: resolve(crossDir, 'node', 'bin', 'node'), libraryRoot: resolve(crossDir, 'root') }

const processorOf = (system: System): string => system.slice(0, system.indexOf('-'))

/** The command line that runs the target's Node with `args` and, for a foreign one, with further environment variables. */
export const nodeCommand = async (target: Target, args: readonly string[], environment: readonly string[] = []): Promise<readonly [string, ...string[]]> => {
  if (target.libraryRoot === undefined) return [target.nodePath, ...args]
  const emulator = await findTool(`qemu-${processorOf(target.system)}-static`)
  return [emulator, '-L', target.libraryRoot, ...environment.flatMap((pair) => ['-E', pair]), target.nodePath, ...args]
}

/** The `strip` that knows the target's programs. */
export const stripTool = (target: Target): Promise<string> =>
  findTool(target.libraryRoot === undefined ? 'strip' : `${processorOf(target.system)}-linux-gnu-strip`)

const MACHINE_OFFSET = 18

/** Throws RUNTIME_MISSING when the program is not one for `system`. */
export const assertMachine = async (path: string, system: System): Promise<void> => {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MACHINE_OFFSET + 2), 0, MACHINE_OFFSET + 2, 0)
    const machine = bytesRead > MACHINE_OFFSET + 1 && buffer.subarray(0, 4).equals(ELF_MAGIC) ? buffer.readUInt16LE(MACHINE_OFFSET) : undefined
    if (machine === MACHINES[system]) return
    const actual = Object.entries(MACHINES).find(([, value]) => value === machine)?.[0]
    throw new NixpackError('RUNTIME_MISSING', `cannot use "${path}" for ${system}: it is ${actual === undefined ? 'no program for it' : `for ${actual}`}`, {
      hint: `build it with: ${makeCommand(system)}`,
    })
  } finally {
    await file.close()
  }
}

const ELF_MAGIC = Buffer.from('\x7fELF')

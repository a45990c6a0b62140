// The only user of `which`: programs of the build host, found by name.
import which from 'which'

import { NixpackError } from '../../runtime/contract/errors.ts'

const PACKAGES: Readonly<Record<string, string>> = {
  nix: 'nix-bin',
  strip: 'binutils',
  'aarch64-linux-gnu-strip': 'binutils-aarch64-linux-gnu',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-x86_64-static': 'qemu-user-static',
  'x86_64-linux-gnu-strip': 'binutils-x86-64-linux-gnu',
}

/** Absolute path of a program on PATH. Throws TOOL_MISSING with what to install. */
export const findTool = async (name: string): Promise<string> => {
  const path = await findOptionalTool(name)
  if (path !== undefined) return path
  throw new NixpackError('TOOL_MISSING', `cannot find program "${name}": it is in no directory of PATH`, {
    hint: `install it (on Debian: apt-get install ${PACKAGES[name] ?? name}) and run the command again`,
  })
}

/** Absolute path of a program on PATH, or undefined. */
export const findOptionalTool = async (name: string): Promise<string | undefined> => (await which(name, { nothrow: true })) ?? undefined

// What the user may write for REF, told apart without touching the disk but for one question. Pure.
import { splitStorePath } from './store-path.ts'

export type Reference =
  | { readonly kind: 'store-path'; readonly baseName: string; readonly program: string | undefined }
  /** A Nix file, or a directory with default.nix; `attribute` is empty for the whole value. */
  | { readonly kind: 'file'; readonly path: string; readonly attribute: string }
  | { readonly kind: 'flake'; readonly reference: string }

/** As in `github:owner/name.nix`. */
const FLAKE_SCHEME = /^[a-z][a-z0-9+.-]*:/

/** Parses REF. `hasDefaultNix` tells whether a directory has default.nix and no flake.nix. */
export const parseReference = (text: string, hasDefaultNix: (dir: string) => boolean): Reference => {
  const stored = splitStorePath(text)
  if (stored !== undefined) return { kind: 'store-path', baseName: stored.baseName, program: stored.rest === '' ? undefined : stored.rest }
  const hash = hashOf(text)
  const path = hash === -1 ? text : text.slice(0, hash)
  if ((path.endsWith('.nix') && !FLAKE_SCHEME.test(path)) || hasDefaultNix(path))
    return { kind: 'file', path, attribute: hash === -1 ? '' : text.slice(hash + 1) }
  return { kind: 'flake', reference: text }
}

/** Where the attribute starts: a directory on the way to a Nix file may have a # in its name. */
const hashOf = (text: string): number => {
  const file = text.indexOf('.nix#')
  return file === -1 ? text.indexOf('#') : file + '.nix'.length
}

// What the user may write for REF, told apart without touching the disk but for one question. Pure.
import { splitStorePath } from './store-path.ts'

export type Reference =
  | { readonly kind: 'store-path'; readonly baseName: string; readonly program: string | undefined }
  /** A Nix file, or a directory with default.nix; `attribute` is empty for the whole value. */
  | { readonly kind: 'file'; readonly path: string; readonly attribute: string }
  | { readonly kind: 'flake'; readonly reference: string }

/** Parses REF. `hasDefaultNix` tells whether a directory has default.nix and no flake.nix. */
export const parseReference = (text: string, hasDefaultNix: (dir: string) => boolean): Reference => {
  const stored = splitStorePath(text)
  if (stored !== undefined) return { kind: 'store-path', baseName: stored.baseName, program: stored.rest === '' ? undefined : stored.rest }
  const hash = text.indexOf('#')
  const path = hash === -1 ? text : text.slice(0, hash)
  if (path.endsWith('.nix') || hasDefaultNix(path)) return { kind: 'file', path, attribute: hash === -1 ? '' : text.slice(hash + 1) }
  return { kind: 'flake', reference: text }
}

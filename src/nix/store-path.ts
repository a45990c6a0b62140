// Names in the Nix store and the hashes Nix writes. Pure but for SHA-256.
import { createHash } from 'node:crypto'

import { NixpackError } from '../../runtime/contract/errors.ts'

export const STORE_DIR = '/nix/store'
const BASE_NAME = /^[0-9abcdfghijklmnpqrsvwxyz]{32}-[0-9A-Za-z+\-._?=]+$/
const BASE32 = '0123456789abcdfghijklmnpqrsvwxyz'

/** Splits an absolute path below the store into the base name of its store path and the rest, or undefined when it is none. */
export const splitStorePath = (path: string): { readonly baseName: string; readonly rest: string } | undefined => {
  if (!path.startsWith(`${STORE_DIR}/`)) return undefined
  const [baseName = '', ...rest] = path.slice(STORE_DIR.length + 1).split('/')
  return BASE_NAME.test(baseName) ? { baseName, rest: rest.join('/') } : undefined
}

/** The name without its hash: `redis-7.0.15`. */
export const nameOf = (baseName: string): string => baseName.slice(33)

/** Decodes `sha256:<base32 or hex>` and `sha256-<base64>`, the forms that releases of Nix print. Throws NIX_FAILED. */
export const parseSha256 = (text: string): Buffer => {
  const value = text.replace(/^sha256[:-]/, '')
  if (/^[0-9a-f]{64}$/.test(value)) return Buffer.from(value, 'hex')
  if (/^[0-9a-z]{52}$/.test(value)) return decodeBase32(value)
  if (/^[0-9A-Za-z+/]{43}=$/.test(value)) return Buffer.from(value, 'base64')
  throw new NixpackError('NIX_FAILED', `cannot read hash "${text}": it is no SHA-256 that Nix writes`)
}

/** Nix' base 32: digits from the last to the first, least significant bits first. */
const decodeBase32 = (text: string): Buffer => {
  const bytes = Buffer.alloc(32)
  for (let at = 0; at < text.length; at++) {
    const digit = BASE32.indexOf(text.charAt(text.length - 1 - at))
    const bit = at * 5
    const shifted = digit << (bit % 8)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (shifted & 0xff)
    if ((bit >> 3) + 1 < bytes.length) bytes[(bit >> 3) + 1] = shifted >> 8
  }
  return bytes
}

const encodeBase32 = (bytes: Buffer): string => {
  const length = Math.ceil((bytes.length * 8) / 5)
  const digit = (at: number): string => {
    const bit = at * 5
    const pair = (bytes[bit >> 3] ?? 0) | ((bytes[(bit >> 3) + 1] ?? 0) << 8)
    return BASE32.charAt((pair >> (bit % 8)) & 31)
  }
  return Array.from({ length }, (_, at) => digit(length - 1 - at)).join('')
}

/**
 * Base name that Nix gives to a tree added with `nix store add-path`: SHA-256 over its fingerprint, folded to
 * 160 bits, in base 32 (Nix manual, "Store path specification").
 */
export const fixedBaseName = (name: string, narHash: Buffer): string => {
  const fingerprint = `source:sha256:${narHash.toString('hex')}:${STORE_DIR}:${name}`
  const folded = Buffer.alloc(20)
  createHash('sha256')
    .update(fingerprint)
    .digest()
    .forEach((byte, at) => (folded[at % 20] = (folded[at % 20] ?? 0) ^ byte))
  return `${encodeBase32(folded)}-${name}`
}

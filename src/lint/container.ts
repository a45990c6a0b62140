// Files whose bytes must stay as they are: compressed data and archives with checksums, told by their first bytes as
// the launcher tells them (rewrite.c). Pure.

export type ContainerKind = 'gzip' | 'zip' | 'xz' | 'zstd' | 'bzip2' | 'lz4' | '7z' | 'tar'

/** Bytes at the start of a file that tell what it is. */
export const HEAD_BYTES = 512

const MAGICS: readonly (readonly [kind: ContainerKind, offset: number, bytes: string])[] = [
  ['gzip', 0, '1f8b'],
  ['zip', 0, '504b0304'],
  ['zip', 0, '504b0506'],
  ['zip', 0, '504b0708'],
  ['xz', 0, 'fd377a585a00'],
  ['zstd', 0, '28b52ffd'],
  ['bzip2', 0, '425a68'],
  ['lz4', 0, '04224d18'],
  ['7z', 0, '377abcaf271c'],
  ['tar', 257, '7573746172'],
]

/** Compressed by formats that are recognized, but not read. */
const UNREADABLE = [
  'hsqs', // squashfs
  'PACK\0\0\0', // git
  'LZIP',
  '\u005d\0\0\u0080\0', // lzma
  '!<arch>\ndebian-binary',
  '\u00ed\u00ab\u00ee\u00db', // rpm
  'Rar!\u001a\u0007',
  'MSCF', // cabinet
].map((bytes) => Buffer.from(bytes, 'latin1'))

const SIGNATURES = MAGICS.map(([kind, offset, hex]) => ({ kind, offset, bytes: Buffer.from(hex, 'hex') }))

/** What a file or a stream that starts with `head` is, or undefined when its content may be rewritten. */
export const containerKind = (head: Buffer): ContainerKind | undefined =>
  SIGNATURES.find(({ offset, bytes }) => head.length >= offset + bytes.length && bytes.compare(head, offset, offset + bytes.length) === 0)?.kind

/** Whether a file or a stream that starts with `head` holds compressed data that nobody here can look into. */
export const isUnreadable = (head: Buffer): boolean => UNREADABLE.some((magic) => head.subarray(0, magic.length).equals(magic))

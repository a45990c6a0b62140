// postject ships no types; this is the part of its interface that is used.
declare module 'postject' {
  /** Writes `data` into the executable `file` as the resource `name` and flips the fuse. */
  export const inject: (file: string, name: string, data: Buffer, options: { readonly sentinelFuse: string }) => Promise<void>
}

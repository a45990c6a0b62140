// @types/node does not know this experimental module yet; this is the part of its interface that is used.
declare module 'node:process' {
  type Signature = { readonly arguments: readonly string[]; readonly return: string }

  interface BuiltInModule {
    /** Undefined without --experimental-ffi. */
    'node:ffi':
      | {
          readonly dlopen: (
            path: string,
            definitions: { readonly madvise: Signature; readonly malloc_trim: Signature },
          ) => {
            readonly functions: {
              readonly madvise: (address: bigint, lengthBytes: bigint, advice: number) => number
              readonly malloc_trim: (keepBytes: bigint) => number
            }
          }
        }
      | undefined
  }
}

// @types/node does not know this experimental module yet; this is the part of its interface that is used.
declare module 'node:process' {
  interface BuiltInModule {
    /** Undefined without --experimental-ffi. */
    'node:ffi':
      | {
          readonly dlopen: (
            path: string,
            definitions: { readonly madvise: { readonly arguments: readonly string[]; readonly return: string } },
          ) => { readonly functions: { readonly madvise: (address: bigint, lengthBytes: bigint, advice: number) => number } }
        }
      | undefined
  }
}

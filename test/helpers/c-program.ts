// Small C programs for tests and benchmarks, linked statically: they run on every host, in every root file system.
import { execFileSync } from 'node:child_process'
import { basename, join } from 'node:path'

/** Compiles `sourcePath` into `dir`; returns the path of the program. */
export const buildProgram = (sourcePath: string, dir: string): string => {
  const program = join(dir, basename(sourcePath, '.c'))
  execFileSync('gcc', ['-O2', '-static', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-o', program, sourcePath], { stdio: 'inherit' })
  return program
}

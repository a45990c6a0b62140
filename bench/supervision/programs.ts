// What the supervisors run: the real redis and markov of the example, and small programs made for this.
import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'

import { buildProgram } from '../../test/helpers/c-program.ts'
import { exampleProgramDir } from '../example-program.ts'

const TEST_PROGRAMS = join(import.meta.dirname, '..', '..', 'test', 'programs')

export type Programs = {
  readonly redis: string
  readonly markov: string
  readonly lines: string
  readonly checkLines: string
  readonly arrives: string
  readonly startMany: string
  readonly redisBack: string
  /** Store paths that redis and markov need. */
  readonly closure: readonly string[]
}

export const buildPrograms = (dir: string): Programs => {
  const redis = join(exampleProgramDir('redis'), 'redis-server')
  const markov = join(exampleProgramDir('markov'), 'markov')
  const closure = execFileSync('nix-store', ['--query', '--requisites', redis, markov], { encoding: 'utf8' }).trim().split('\n')
  return {
    redis,
    markov,
    closure,
    lines: buildProgram(join(TEST_PROGRAMS, 'lines.c'), dir),
    checkLines: buildProgram(join(TEST_PROGRAMS, 'check-lines.c'), dir),
    arrives: buildProgram(join(TEST_PROGRAMS, 'arrives.c'), dir),
    startMany: buildProgram(join(import.meta.dirname, 'start-many.c'), dir),
    redisBack: buildProgram(join(import.meta.dirname, 'redis-back.c'), dir),
  }
}

/** Of the files that are executed: redis-server is a link. */
export const supervisedPaths = ({ redis, markov, lines, arrives }: Programs): ReadonlySet<string> =>
  new Set([redis, markov, lines, arrives].map((path) => realpathSync(path)))

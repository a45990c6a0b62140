// The command line of the exec shim and the lines it answers with. The shim does what Node's spawn cannot:
// session, parent-death signal, real pipes; it then becomes the program.

import type { ChildExit } from './state.ts'

export type ShimRequest = {
  readonly command: readonly string[]
  readonly workingDir: string
  readonly supervisorPid: number
  /** Where the shim makes the two FIFOs of stdout and stderr; undefined: output goes nowhere. */
  readonly fifoDir: string | undefined
}

export const STATUS_FD = 3

export const planShimArguments = ({ command, workingDir, supervisorPid, fifoDir }: ShimRequest): readonly string[] => [
  'exec',
  '--status-fd',
  String(STATUS_FD),
  '--ppid',
  String(supervisorPid),
  ...(fifoDir === undefined ? [] : ['--fifo-dir', fifoDir]),
  '--cwd',
  workingDir,
  '--pdeathsig',
  '15',
  '--',
  command[0] ?? '',
  ...command,
]

/** The shim's pipes exist and wait for their readers. */
export const FIFOS_MADE = 'F'
/** Our answer: the readers are there. */
export const GO = 'G'

/** Turns `E <errno> <stage> <text>` into the way the child ended; undefined for any other line. */
export const parseShimFailure = (line: string, program: string): ChildExit | undefined => {
  const match = /^E (\d+) ([a-z]+) (.*)$/.exec(line)
  if (match === null) return undefined
  const [, errno, stage, text] = match
  const isMissing = stage === 'exec' && Number(errno) === ENOENT
  const isRefused = stage === 'exec' && [EACCES, ENOEXEC].includes(Number(errno))
  const status = isMissing ? 127 : isRefused ? 126 : 125
  return { kind: 'spawnFailed', status, message: `cannot ${STAGE_VERBS.get(stage ?? '') ?? stage} "${program}": ${text}` }
}

const ENOENT = 2
const ENOEXEC = 8
const EACCES = 13

const STAGE_VERBS: ReadonlyMap<string, string> = new Map([
  ['exec', 'run'],
  ['cwd', 'enter the working directory of'],
  ['fifo', 'make the pipes of'],
])

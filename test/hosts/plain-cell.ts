// One cell with the plain bundles: GNU hello, then a bash that reports what it sees. Both must behave as if they had
// been started directly, or be refused with the expected reason.
import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'

import { FOREIGN_PATH, FOREIGN_TEXT, hasStore } from './hosts.ts'
import { linkOf } from './namespace-processes.ts'
import { expectRefusal, expectWarnings, finish } from './outcome.ts'
import type { Cell } from './outcome.ts'
import { isRefused } from './row.ts'
import type { Choice, Engine, Row } from './row.ts'
import { startRow } from './start-row.ts'
import type { RowRun } from './start-row.ts'

/** Returns the engine that was used, or the code of the refusal. */
export const runPlainCell = async ({ row, choice, expected }: Cell): Promise<string> => {
  const hello = await startRow(row, { bundle: 'hello', choice, args: [] })
  hello.child.stdin?.end()
  const end = await finish(hello)
  if (isRefused(expected)) return expectRefusal(hello, end, expected)
  expectWarnings(row, hello)
  expect({ ...end, stdout: hello.stdout() }).toEqual({ status: 0, signal: null, stdout: 'Hello, world!\n' })
  return runReport(row, choice, expected.works)
}

const REPORT = `printf '%s\\n' "$$" "$PWD" "$#" "$@"; [ ! -e ${FOREIGN_PATH} ] || echo "$(<${FOREIGN_PATH})"; echo done; read -r _; exit 42`
const ARGUMENTS = ['', 'a b', '--nixpack-help', `'"$*\\`]

const runReport = async (row: Row, choice: Choice, engine: Engine): Promise<string> => {
  const bash = await startBash(row, choice)
  await bash.printed(/^done$/m)
  const used = engineOf(row, bash)
  bash.child.stdin?.end('go on\n')
  expect(await finish(bash)).toEqual({ status: 42, signal: null })
  expectWarnings(row, bash)
  const cwd = row.change?.seenCwd?.(engine) ?? bash.cwd
  const foreign = hasStore(row.host) ? [FOREIGN_TEXT] : []
  expect(bash.stdout().split('\n')).toEqual([`${bash.innerPid}`, cwd, `${ARGUMENTS.length}`, ...ARGUMENTS, ...foreign, 'done', ''])
  return used
}

const startBash = async (row: Row, choice: Choice): Promise<RowRun> => {
  if (row.change?.argv0 !== null) return startRow(row, { bundle: 'bash', choice, args: ['-c', REPORT, 'zero', ...ARGUMENTS] })
  // Without arguments it reads what it shall do.
  const bash = await startRow(row, { bundle: 'bash', choice, args: [] })
  bash.child.stdin?.write(`set -- ${ARGUMENTS.map((argument) => `'${argument.replaceAll("'", `'\\''`)}'`).join(' ')}; ${REPORT}\n`)
  return bash
}

/** How the closure came to the program, from what the kernel says about it. */
const engineOf = (row: Row, run: RowRun): string => {
  const mounts = readFileSync(`/proc/${run.programPid}/mountinfo`, 'utf8')
  if (/^\S+ \S+ \S+ \S+ \/ .* - tmpfs nixpack /m.test(mounts)) {
    const isOwn = linkOf(`/proc/${run.programPid}/ns/user`) !== run.userNamespace && row.change?.limits?.includes('userns') !== true
    return isOwn ? 'userns' : 'mount'
  }
  if (!linkOf(`/proc/${run.programPid}/exe`).startsWith('/nix/store/')) return 'relocate'
  return existsSync(`${run.rootDir}/nix/store/.nixpack`) ? 'nix-dir' : 'host'
}

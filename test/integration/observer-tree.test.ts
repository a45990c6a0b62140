// Real processes that try to get away, and the ways in which they are found again.
import { afterEach, expect, test } from 'vitest'
import {
  createProcessTree,
  readAncestors,
  readChildren,
  readDescendants,
  readSpawnedDescendants,
  readStat,
  scanTree,
  walkTree,
} from '../../runtime/supervisor/process-tree.ts'
import type { ProcessMark } from '../../runtime/supervisor/process-tree.ts'
import { readRunMembers } from '../../runtime/supervisor/process-tree-run.ts'
import { createCleaner, signalProcesses } from '../../runtime/supervisor/session.ts'
import type { Cleaner } from '../../runtime/supervisor/session.ts'
import { startRun as start, waitUntil } from '../helpers/observed-run.ts'
import type { ObservedRun } from '../helpers/observed-run.ts'
import { isAlive } from '../helpers/start-runtime.ts'

const runs: ObservedRun[] = []
const strays: number[] = []
const startRun = (script: string): ObservedRun => {
  const run = start(script)
  runs.push(run)
  return run
}
afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.dispose()))
  for (const pid of strays.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
})

const readPid = async (run: ObservedRun): Promise<number> => {
  const pid = Number(await run.line())
  strays.push(pid)
  return pid
}
const markOf = (pid: number): ProcessMark => {
  const stat = readStat(pid)
  if (stat === undefined) throw new Error(`no process ${pid}`)
  return stat
}

const numbersOf = (marks: readonly ProcessMark[]): readonly number[] => marks.map((mark) => mark.pid)

type Cleaning = { readonly cleaner: Cleaner; readonly remaining: Promise<number> }

const clean = (run: ObservedRun, snapshot: readonly ProcessMark[] = [], isKill = false): Cleaning => {
  const done = Promise.withResolvers<number>()
  const cleaner = createCleaner({ run, snapshot, signal: 'SIGTERM', isKill }, done.resolve)
  return { cleaner, remaining: done.promise }
}

test('a run that leaves nobody is clean at once', async () => {
  const run = startRun('true')
  await run.exited
  let remaining: number | undefined
  createCleaner({ run, snapshot: [], signal: 'SIGTERM', isKill: false }, (count) => {
    remaining = count
  })
  expect(remaining).toBe(0)
})

test('descendants count only of a child of a child of ours: another process has its number now', async () => {
  const run = startRun('bash -c "sleep 1000 & echo \\$\\$; wait"; :')
  const pid = await readPid(run)
  await waitUntil(() => readDescendants(pid).length === 1)
  // Whether one of them sleeps yet is not asked.
  expect(numbersOf(readSpawnedDescendants(pid))).toEqual(numbersOf(readDescendants(pid)))
  expect(readSpawnedDescendants(run.leaderPid)).toEqual([])
  expect(readSpawnedDescendants(process.pid)).toEqual([])
})

test('what stays in the session gets the stop signal', async () => {
  const run = startRun('sleep 1000 & echo $!')
  const pid = await readPid(run)
  await run.exited
  expect(isAlive(pid)).toBe(true)
  expect(await clean(run).remaining).toBe(0)
  expect(isAlive(pid)).toBe(false)
})

test('what leaves the session is known by the invocation that it inherited', async () => {
  const run = startRun(`setsid bash -c 'echo $$; exec sleep 1000' &`)
  const pid = await readPid(run)
  await run.exited
  expect(readStat(pid)?.session).toBe(pid)
  expect(await clean(run).remaining).toBe(0)
  expect(isAlive(pid)).toBe(false)
})

test('what leaves the session and forgets its environment is known by the snapshot, and so are its children', async () => {
  const run = startRun(`env -i setsid bash -c 'sleep 1000 & echo $$; echo $!; exec sleep 1000' & exec sleep 1000`)
  const [pid, child] = [await readPid(run), await readPid(run)]
  const snapshot = readDescendants(run.leaderPid)
  expect(snapshot.map((mark) => mark.pid)).toEqual([pid, child])
  process.kill(run.leaderPid, 'SIGKILL')
  await run.exited
  expect(await clean(run, snapshot.slice(0, 1)).remaining).toBe(0)
  expect([pid, child].map(isAlive)).toEqual([false, false])
})

test('what takes no signal is killed once it is told to, not before', async () => {
  const run = startRun(`bash -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' &`)
  const pid = await readPid(run)
  await run.exited
  const { cleaner, remaining } = clean(run)
  await expect(Promise.race([remaining, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))])).resolves.toBe('waits')
  expect(isAlive(pid)).toBe(true)
  cleaner.kill()
  expect(await remaining).toBe(0)
  expect(isAlive(pid)).toBe(false)
})

test('the stop signal reaches what is stopped', async () => {
  const run = startRun(`bash -c 'echo $$; kill -STOP $$; exec sleep 1000' &`)
  const pid = await readPid(run)
  await run.exited
  await waitUntil(() => readStat(pid)?.state === 'T')
  expect(await clean(run).remaining).toBe(0)
})

test('what is born during the cleaning does not survive it', async () => {
  // Each generation lives for a moment and starts the next one in a session of its own. There is a last one: what gets away must not burden the machine for ever.
  const run = startRun(
    `export END=$((EPOCHSECONDS + 60)) FORK='trap "" TERM; sleep 0.003; ((EPOCHSECONDS > END)) || setsid bash -c "$FORK" & sleep 0.002'; setsid bash -c "$FORK" & echo started`,
  )
  await run.line()
  await run.exited
  expect(await clean(run, [], true).remaining).toBe(0)
  expect(readRunMembers({ ...run, snapshot: [] })).toEqual([])
})

test('the orphans of another run are left alone', async () => {
  const [run, other] = [startRun('sleep 1000 & echo $!'), startRun('sleep 1000 & echo $!')]
  const [pid, neighbour] = [await readPid(run), await readPid(other)]
  await Promise.all([run.exited, other.exited])
  expect(await clean(run, [], true).remaining).toBe(0)
  expect([pid, neighbour].map(isAlive)).toEqual([false, true])
})

test('a cancelled cleaner says nothing more', async () => {
  const run = startRun(`bash -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' &`)
  await readPid(run)
  await run.exited
  const { cleaner, remaining } = clean(run)
  cleaner.cancel()
  cleaner.kill()
  await expect(Promise.race([remaining, new Promise((resolve) => setTimeout(resolve, 200, 'silent'))])).resolves.toBe('silent')
})

test('all of a living run is killed, wherever it went', async () => {
  const run = startRun(`sleep 1000 & setsid bash -c 'echo $$; exec sleep 1000' & wait -n; trap "" TERM; while :; do sleep 1000; done`)
  const stray = await readPid(run)
  const hermit = startRun(`(env -i setsid bash -c 'echo $$; exec sleep 1000' &)`)
  const unknown = await readPid(hermit)
  await hermit.exited
  const found = readRunMembers({ ...run, snapshot: [] }).map(({ pid }) => pid)
  expect(found).toContain(stray)
  expect(found).not.toContain(unknown)
  // One whose parent ended and whose environment is empty can only be known from a snapshot.
  const pids = [...found, unknown]
  const members = readRunMembers({ ...run, snapshot: pids.map(markOf) })
  process.kill(run.leaderPid, 'SIGKILL')
  signalProcesses(members, 'SIGKILL')
  await run.exited
  await waitUntil(() => !pids.some(isAlive))
})

test('a number that has a new owner gets no signal', async () => {
  const run = startRun('echo $$; exec sleep 1000')
  const mark = markOf(await readPid(run))
  expect(signalProcesses([{ ...mark, startTicks: mark.startTicks - 1 }], 'SIGKILL')).toBe(0)
  expect(isAlive(mark.pid)).toBe(true)
  expect(signalProcesses([mark], 'SIGKILL')).toBe(1)
  await run.exited
  expect(signalProcesses([mark], 'SIGKILL')).toBe(0)
})

test('children are those of all threads, descendants come behind their parents', async () => {
  const run = startRun(`bash -c 'bash -c "echo \\$\\$; sleep 1000; :" & echo $$; wait' & wait`)
  const pids = [await readPid(run), await readPid(run)].sort((left, right) => left - right)
  const [child = 0, grandchild = 0] = pids
  await waitUntil(() => readDescendants(run.leaderPid).length === 3)
  expect(readChildren(run.leaderPid).map(({ pid }) => pid)).toEqual([child])
  expect(
    readDescendants(run.leaderPid)
      .map(({ pid }) => pid)
      .slice(0, 2),
  ).toEqual([child, grandchild])
})

const sorted = (pids: readonly number[]): readonly number[] => pids.toSorted((left, right) => left - right)

test('the lists of children and the parents in all of /proc tell the same', async () => {
  const run = startRun(`bash -c 'sleep 1000 & sleep 1000 & wait' & sleep 1000 & echo started; wait`)
  await run.line()
  await waitUntil(() => readDescendants(run.leaderPid).length === 4)
  expect(sorted(walkTree(createProcessTree(), [run.leaderPid]))).toEqual(sorted(walkTree(scanTree(), [run.leaderPid])))
})

test('our ancestors begin with our parent', () => {
  expect(readAncestors()[0]).toBe(process.ppid)
  expect(readAncestors()).not.toContain(process.pid)
})

// Starts a run that leaves a child behind in its session and one outside of it, ends what is left, and prints what became of both.
import { once } from 'node:events'
import { createCleaner } from '../../runtime/supervisor/session.ts'
import { startRun, waitUntil } from '../helpers/observed-run.ts'

const run = startRun(`sleep 1000 & echo $!; setsid bash -c 'echo $$; exec sleep 1000' &`)
const pids = [Number(await run.line()), Number(await run.line())]
await run.exited
const remaining = await new Promise((resolve) => void createCleaner({ run, snapshot: [], signal: 'SIGTERM', isKill: false }, resolve))
const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
// Zombies are still there until whoever has adopted them looks after them.
await waitUntil(() => !pids.some(isThere), 2500).catch(() => undefined)
const [member, stray] = pids.map(isThere)
for (const pid of pids) if (isThere(pid)) process.kill(pid, 'SIGKILL')
process.stdout.write(JSON.stringify({ remaining, member, stray }))
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
process.exit()

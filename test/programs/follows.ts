// follows.ts OBEYS COMMAND: a supervisor below a warden, in the moment in which both instances of a process have ended, their successors run, and
// nobody has noticed: it was busy. Gives the command then, stops everything, and prints what became of it.
import { setTimeout } from 'node:timers/promises'

import { declare, startSupervisor } from '../helpers/start-supervisor.ts'
import type { StartedSupervisor } from '../helpers/start-supervisor.ts'
import { createRestartSpec } from '../helpers/process-spec.ts'

const [program = '', command = ''] = process.argv.slice(2)

/** Longer than everything has to be quiet. */
const QUIET_MS = 4000
const BUSY_MS = 500

const begins = (hash: string, numprocesses: number, onDemand = false) =>
  declare('web', [program], { hash, numprocesses, onDemand, restart: createRestartSpec({ policy: 'always' }) })

const COMMANDS: Readonly<Record<string, (started: StartedSupervisor) => Promise<unknown>>> = {
  'update-stop': async ({ supervisor }) => {
    void supervisor.update(begins('two', 2), { restarts: false })
    await supervisor.stop(['web'])
  },
  'update-scale': ({ supervisor }) => supervisor.update(begins('two', 1), { restarts: false }),
  'update-listen': async ({ supervisor }) => {
    void supervisor.update(begins('two', 2, true), { restarts: false })
    const [stopped, started] = [supervisor.stop(['web:1']), supervisor.start(['web:1'])]
    await Promise.all([stopped, started])
  },
  'stop-one': ({ supervisor }) => supervisor.stop(['web:1']),
  'let-go': ({ supervisor }) => supervisor.remove('web', { keepRunning: true }),
}

const started = await startSupervisor({ processes: [begins('one', 2), declare('keeper', ['/bin/sleep', '1000'])] })
const begun = (): number => started.lines().filter((line) => line.includes('obeys')).length
await started.when(() => (begun() === 2 ? true : undefined))
await setTimeout(QUIET_MS)
for (const pid of started.pidsOf('web')) process.kill(pid, 'SIGKILL')
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS)
await COMMANDS[command]?.(started)
// What may still be on its way.
await setTimeout(BUSY_MS)
const after = { state: started.stateOf('web'), instances: started.pidsOf('web').length, begun: begun() }
started.supervisor.down('end of the test')
await started.supervisor.done
const stopped = started.lines().filter((line) => line.includes('signal 15')).length
await started.dispose()
process.stdout.write(JSON.stringify({ ...after, stopped }))
process.exit()

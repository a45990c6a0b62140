// What happens to the soak's bundle: one thing at a time, chosen by the seed.
import { connect } from 'node:net'

import { ROUTES } from '../../runtime/contract/control-routes.ts'
import { callControl } from '../../runtime/control/client.ts'
import { FLOOD_LINES } from './soak-bundle.ts'
import type { Soak } from './soak-bundle.ts'
import { ask } from './request.ts'
import type { Random } from './random.ts'

/** What the actions have asked for. */
export type Asked = { floods: number; workers: number; readonly counts: Map<string, number> }

type Action = (soak: Soak, random: Random, asked: Asked) => Promise<void>

const VICTIMS = ['workers', 'server', 'dependent', 'reloaded'] as const
const COMMANDS = ['scale', 'reload', 'restart', 'stopAndStart'] as const

export const scaleWorkers = async ({ bundle }: Soak, asked: Asked, count: number): Promise<void> => {
  asked.workers = count
  await callControl(bundle.control, ROUTES.scale, { process: 'workers', numprocesses: count })
}

const ACTIONS = {
  crash: async ({ status }, random) => {
    const victim = random.pick(VICTIMS)
    const { processes } = await status()
    const pids = processes.filter(({ name }) => name === victim).flatMap(({ instances }) => instances.flatMap(({ pid }) => pid ?? []))
    const pid = pids[random.below(pids.length)]
    if (pid !== undefined) killIfThere(pid)
  },
  crashMany: async ({ status }) => {
    for (const pid of await readVictims(status)) killIfThere(pid)
  },
  scale: (soak, random, asked) => scaleWorkers(soak, asked, random.below(6)),
  reload: async ({ bundle }, random) => {
    await callControl(bundle.control, ROUTES.reload, { processes: [random.pick(['server', 'reloaded', 'workers'])] })
  },
  restart: async ({ bundle }, random) => {
    await callControl(bundle.control, ROUTES.restart, { processes: [random.pick(VICTIMS)] })
  },
  stopAndStart: async ({ bundle }, random) => {
    const processes = [random.pick(VICTIMS)]
    await callControl(bundle.control, ROUTES.stop, { processes })
    await callControl(bundle.control, ROUTES.start, { processes: [...processes, 'dependent'] })
  },
  flood: async ({ bundle, status, run }, _random, asked) => {
    const isOver = async (): Promise<boolean> =>
      (await status()).processes.every(({ name, state }) => name !== 'flood' || state === 'completed' || state === 'stopped')
    // One after the other: each is a run of the same process.
    await run.until('the flood before is over', isOver)
    await callControl(bundle.control, ROUTES.start, { processes: ['flood'], wait: false })
    asked.floods += 1
  },
  readAgain: async ({ run }) => run.signal('SIGHUP'),
  requests: async ({ port }) => {
    await Promise.all(Array.from({ length: 20 }, () => ask(port)))
  },
  /** By then those that are ready have successors. Some end at once, perhaps while the supervisor is stopped, and something else is asked for. */
  crashAfterRest: async (soak, random, asked) => {
    await pause(1100 + random.below(1500))
    const pids = (await readVictims(soak.status)).filter(() => random.below(2) === 0)
    const supervisor = random.below(2) === 0 ? soak.run.pidOf('supervisor') : undefined
    if (supervisor !== undefined) process.kill(supervisor, 'SIGSTOP')
    for (const pid of pids) killIfThere(pid)
    const action: Action = ACTIONS[random.pick(COMMANDS)]
    const isDone = action(soak, random, asked)
    if (supervisor !== undefined) {
      await pause(random.below(60))
      process.kill(supervisor, 'SIGCONT')
    }
    await isDone
  },
  garbage: async ({ bundle }, random) => {
    const socket = connect(bundle.control.paths[0]?.controlSocketPath ?? '')
    socket.on('error', () => {})
    socket.write(random.pick(['\0\0\0\0', 'GET / HTTP/1.1\r\n\r\n', 'POST /v1/stop HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"', '']))
    socket.setTimeout(1000, () => socket.destroy())
  },
} satisfies Readonly<Record<string, Action>>

const NAMES = [
  'crash',
  'crash',
  'crash',
  'crashMany',
  'crashAfterRest',
  'scale',
  'scale',
  'reload',
  'restart',
  'stopAndStart',
  'flood',
  'readAgain',
  'requests',
  'garbage',
] as const

/** Does one of them; returns its name. */
export const act = async (soak: Soak, random: Random, asked: Asked): Promise<string> => {
  const name = random.pick(NAMES)
  const action: Action = ACTIONS[name]
  await action(soak, random, asked)
  asked.counts.set(name, (asked.counts.get(name) ?? 0) + 1)
  return name
}

export const expectedLines = ({ floods }: Asked): number => floods * FLOOD_LINES

const readVictims = async (status: Soak['status']): Promise<readonly number[]> => {
  const { processes } = await status()
  return processes.flatMap(({ name, instances }) => (name === 'flood' ? [] : instances.flatMap(({ pid }) => pid ?? [])))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was restarted since.
  }
}

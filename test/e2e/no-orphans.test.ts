// kill -9 of the supervisor, and of the init process: nothing of the bundle is left within a second.
import { afterEach, expect, test } from 'vitest'

import { processesOf, until } from '../helpers/bundle-process.ts'
import { newUser, removeUsers } from '../helpers/e2e-bundles.ts'
import { startMarkov } from '../helpers/markov.ts'

afterEach(removeUsers)

const REPETITIONS = 50

const victims = {
  supervisor: (uid: number): number => {
    const found = processesOf(uid).find(({ command }) => command.includes('--library-path'))
    if (found === undefined) throw new Error('there is no supervisor')
    return found.pid
  },
  init: (_uid: number, pid: number): number => pid,
} as const

test.each(['supervisor', 'init'] as const)(`after kill -9 of the %s no process is left within 1 s (${REPETITIONS} times)`, async (victim) => {
  const { uid, dir } = newUser()
  for (let round = 0; round < REPETITIONS; round++) {
    const markov = await startMarkov({ uid, dir })
    expect(processesOf(uid).length).toBeGreaterThanOrEqual(4)
    process.kill(victims[victim](uid, markov.pid), 'SIGKILL')
    await until(`no process is left (round ${round})`, () => processesOf(uid).length === 0, 1000)
    await markov.ended
  }
})

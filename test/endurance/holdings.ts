// What the bundle's own processes hold: init, warden, supervisor and spawner.
import { ROLES } from './bundle.ts'
import type { Run } from './bundle.ts'
import { holdingsOf } from './processes.ts'
import type { Holdings } from './processes.ts'

export const ownHoldings = (run: Run): readonly Holdings[] => ROLES.map((role) => holdingsOf(run.pidOf(role)))

export const kilobytesOf = (all: readonly Holdings[]): number => all.reduce((total, { kilobytes }) => total + kilobytes, 0)

const PAUSE_MS = 500
/** A while after its last event the supervisor gives memory back; what has not been collected yet is no growth. */
const EQUAL_SAMPLES = 12
const NOISE_KB = 64

/** What they hold when that has not changed for some seconds. */
export const settledHoldings = async (run: Run): Promise<readonly Holdings[]> => {
  let [last, equal] = [ownHoldings(run), 0]
  await run.until(
    'memory settles',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      const next = ownHoldings(run)
      equal = Math.abs(kilobytesOf(next) - kilobytesOf(last)) < NOISE_KB ? equal + 1 : 0
      last = next
      return equal >= EQUAL_SAMPLES
    },
    120_000,
  )
  return last
}

// Gathers the facts of one store path while its files are read: each once, and bounded in memory.
import { hasMember } from './facts.ts'
import type { Fact, IsMember, MachineFile, PathFacts } from './facts.ts'
import { HASH_LENGTH } from './scanner.ts'

/** A hash list can hold more runs than are worth keeping. */
const RUN_BYTES_LIMIT = 1 << 18

export type Collector = {
  readonly add: (fact: Fact) => void
  readonly addMachine: (machine: MachineFile) => void
  readonly facts: () => PathFacts
}

export const createCollector = (isMember: IsMember): Collector => {
  const facts = new Map<string, Fact>()
  const machines = new Map<number, MachineFile>()
  let runBytes = 0
  let complete = true
  return {
    add: (given) => {
      // One reference is like another, wherever it stands; behind a longer run of hash characters it may hide something else.
      const fact = given.reason === 'reference' && given.run.length === HASH_LENGTH ? { ...given, file: '' } : given
      const key = `${fact.reason}\t${fact.file}\t${fact.run}`
      if (facts.has(key)) return
      if (fact.run !== '' && runBytes + fact.run.length > RUN_BYTES_LIMIT && !hasMember(fact.run, isMember)) {
        complete = false
        return
      }
      runBytes += fact.run.length
      facts.set(key, fact)
    },
    addMachine: (machine) => {
      if (!machines.has(machine.machine)) machines.set(machine.machine, machine)
    },
    facts: () => ({ facts: [...facts.values()], machines: [...machines.values()], complete }),
  }
}

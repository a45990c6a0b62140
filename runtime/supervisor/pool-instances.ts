// The instances of one process: who there is, what each of them is there for, what it is called at the moment.

import type { Member } from './pool-plan.ts'
import type { Runner } from './runner.ts'

/** `trial`: to become a member when it is ready. `leaving`: to be forgotten when it has ended. */
export type Role = 'member' | 'trial' | 'leaving'

export type Instance = { readonly runner: Runner; readonly role: Role; readonly order: number; readonly label: string }

export type Instances = {
  readonly all: readonly Instance[]
  readonly members: readonly Member[]
  add(runner: Runner, role: Role): void
  find(runner: Runner): Instance
  assign(runner: Runner, role: Role): void
  forget(runner: Runner): void
}

export const createInstances = (labelOf: (index: number) => string): Instances => {
  let all: readonly Instance[] = []
  let created = 0
  return {
    get all() {
      return all
    },
    get members() {
      return all.map(describeMember)
    },
    add(runner, role) {
      created += 1
      all = [...all, createInstance({ runner, role, order: created }, labelOf)]
    },
    find(runner) {
      const instance = all.find((one) => one.runner === runner)
      if (instance === undefined) throw new Error(`unreachable: ${labelOf(runner.index)} is not part of its pool`)
      return instance
    },
    assign(runner, role) {
      all = all.map((one) => (one.runner === runner ? createInstance({ runner, role, order: one.order }, labelOf) : one))
    },
    forget(runner) {
      all = all.filter((instance) => instance.runner !== runner)
    },
  }
}

/** The label is a question of how many there are to be, and that changes. */
const createInstance = (parts: Omit<Instance, 'label'>, labelOf: (index: number) => string): Instance => ({
  ...parts,
  get label() {
    return labelOf(parts.runner.index)
  },
})

const describeMember = ({ runner, role, order }: Instance): Member => ({
  index: runner.index,
  state: runner.record.state,
  succeeded: runner.record.succeeded,
  isLeaving: role !== 'member',
  order,
})

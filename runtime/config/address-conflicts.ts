// Two that want one address: told before the first of them is started. What a process is asked at to tell whether it
// is ready is what it listens on.

import { isSameListener, renderAddress } from '../contract/address.ts'
import type { Address } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { HeartbeatSpec, Plan, ProcessSpec, ReadyCheck, SocketSpec } from '../contract/process-spec.ts'

/** Throws ENV_INVALID that names both. */
export const assertDistinctAddresses = ({ processes, sockets, heartbeats = [] }: Pick<Plan, 'processes' | 'sockets' | 'heartbeats'>): void => {
  const listeners = [...sockets.map(createSocketListener), ...heartbeats.map(createHeartbeatListener), ...processes.flatMap(findProcessListeners)]
  const groups = Map.groupBy(listeners, ({ kind, address }) => (typeof address === 'string' ? address : `${kind}:${address.port}`))
  const conflicts = [...groups.values()].flatMap((group) => {
    const pair = findConflict(group)
    return pair === undefined ? [] : [renderConflict(...pair)]
  })
  if (conflicts.length === 0) return
  const text = conflicts.length === 1 ? (conflicts[0] ?? '') : conflicts.map((conflict) => `\n  - ${conflict}`).join('')
  throw new NixpackError('ENV_INVALID', `cannot use the environment: ${text}`, { hint: 'give one of them another address' })
}

type Listener = {
  readonly owner: string
  /** As messages name it. */
  readonly label: string
  readonly kind: 'tcp' | 'udp' | 'path'
  readonly address: Address | string
  /** Names of sockets that the owner is given, or that it is: it may well be asked at their addresses. */
  readonly sockets: readonly string[]
}

const createSocketListener = ({ name, address }: SocketSpec): Listener => {
  const label = `socket "${name}"`
  const common = { owner: label, label, sockets: [name] }
  return 'path' in address ? { ...common, kind: 'path', address: address.path } : { ...common, kind: address.kind, address }
}

const createHeartbeatListener = ({ host, port }: HeartbeatSpec, index: number): Listener => ({
  owner: `heartbeats ${index}`,
  label: 'the heartbeats',
  kind: 'udp',
  address: { host, port },
  sockets: [],
})

/** Of all instances, when they differ. */
const findProcessListeners = (spec: ProcessSpec): readonly Listener[] => {
  const first = findInstanceListeners(spec, 1)
  if (first.length === 0 || spec.numprocesses < 2) return first
  const last = findInstanceListeners(spec, spec.numprocesses)
  if (first.every(({ address }, at) => isSameAddress(address, last[at]?.address))) return first
  return Array.from({ length: spec.numprocesses }, (_, at) => findInstanceListeners(spec, at + 1)).flat()
}

const findInstanceListeners = (spec: ProcessSpec, index: number): readonly Listener[] => {
  const { startup, ready } = spec.planInstance({ index, socketAddresses: new Map() })
  const sockets = [...spec.sockets, ...(spec.stdinSocket === undefined ? [] : [spec.stdinSocket])]
  const label = `process "${spec.name}${index > 1 ? `:${index}` : ''}"`
  return [startup?.check, ready?.check].flatMap((check) => {
    const listened = check === undefined ? undefined : resolveListened(check)
    return listened === undefined ? [] : [{ ...listened, owner: `process "${spec.name}"`, label, sockets }]
  })
}

const resolveListened = (check: ReadyCheck): Pick<Listener, 'kind' | 'address'> | undefined => {
  if (check.kind === 'tcp') return { kind: 'tcp', address: { host: check.host, port: check.port } }
  return check.kind === 'unix' ? { kind: 'path', address: check.socketPath } : undefined
}

const isSameAddress = (left: Listener['address'], right: Listener['address'] | undefined): boolean => JSON.stringify(left) === JSON.stringify(right)

const findConflict = (group: readonly Listener[]): readonly [Listener, Listener] | undefined => {
  for (const [at, later] of group.entries()) {
    const earlier = group.slice(0, at).find((candidate) => isConflict(candidate, later))
    if (earlier !== undefined) return [earlier, later]
  }
  return undefined
}

const isConflict = (earlier: Listener, later: Listener): boolean => {
  if (earlier.owner === later.owner || earlier.sockets.some((name) => later.sockets.includes(name))) return false
  return typeof earlier.address === 'string' || typeof later.address === 'string' || isSameListener(earlier.address, later.address)
}

const renderConflict = (earlier: Listener, later: Listener): string => {
  const address = typeof later.address === 'string' ? `"${later.address}"` : renderAddress(later.address)
  return `${earlier.label} and ${later.label} want the same address, ${address}`
}

// Two that want one address: told before the first of them is started. What a process is asked at to tell whether it
// is ready is what it listens on.

import { isSameListener, renderAddress } from '../contract/address.ts'
import type { Address } from '../contract/address.ts'
import { NixpackError } from '../contract/errors.ts'
import type { ProcessSpec, SocketSpec } from '../contract/process-spec.ts'

/** Throws ENV_INVALID that names both. */
export const assertDistinctAddresses = (processes: readonly ProcessSpec[], sockets: readonly SocketSpec[]): void => {
  const listeners = [...sockets.flatMap(findSocketListener), ...processes.flatMap(findProcessListeners)]
  const conflicts = listeners.flatMap((later, at) =>
    listeners.slice(0, at).flatMap((earlier) => (isConflict(earlier, later) ? [renderConflict(earlier, later)] : [])),
  )
  if (conflicts.length === 0) return
  const text = conflicts.length === 1 ? (conflicts[0] ?? '') : conflicts.map((conflict) => `\n  - ${conflict}`).join('')
  throw new NixpackError('ENV_INVALID', `cannot use the environment: ${text}`, { hint: 'give one of them another address' })
}

type Listener = {
  readonly owner: string
  readonly kind: 'tcp' | 'udp' | 'path'
  readonly address: Address | string
  /** Sockets that the owner is given: it may well be asked at their addresses. */
  readonly given: readonly string[]
  readonly socket: string | undefined
}

const findSocketListener = ({ name, address }: SocketSpec): readonly Listener[] => {
  const common = { owner: `socket "${name}"`, given: [], socket: name }
  return ['path' in address ? { ...common, kind: 'path', address: address.path } : { ...common, kind: address.kind, address }]
}

const findProcessListeners = (spec: ProcessSpec): readonly Listener[] => {
  const { startup, ready } = spec.planInstance({ index: 1, socketAddresses: new Map() })
  const given = [...spec.sockets, ...(spec.stdinSocket === undefined ? [] : [spec.stdinSocket])]
  const common = { owner: `process "${spec.name}"`, given, socket: undefined }
  return [startup?.check, ready?.check].flatMap((check): readonly Listener[] => {
    if (check?.kind === 'tcp') return [{ ...common, kind: 'tcp', address: { host: check.host, port: check.port } }]
    return check?.kind === 'unix' ? [{ ...common, kind: 'path', address: check.socketPath }] : []
  })
}

const isConflict = (earlier: Listener, later: Listener): boolean => {
  if (earlier.owner === later.owner || earlier.kind !== later.kind || isGiven(earlier, later) || isGiven(later, earlier)) return false
  if (earlier.given.some((name) => later.given.includes(name))) return false
  if (typeof earlier.address === 'string' || typeof later.address === 'string') return earlier.address === later.address
  return isSameListener(earlier.address, later.address)
}

const isGiven = (process: Listener, { socket }: Listener): boolean => socket !== undefined && process.given.includes(socket)

const renderConflict = (earlier: Listener, later: Listener): string => {
  const address = typeof later.address === 'string' ? `"${later.address}"` : renderAddress(later.address)
  return `${earlier.owner} and ${later.owner} want the same address, ${address}`
}

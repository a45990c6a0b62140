// The declared sockets: bound before anything starts, open across restarts.

import type { SocketStatus } from '../contract/control.ts'
import { renderAddress } from '../contract/address.ts'
import type { ProcessSpec, SocketAddress, SocketSpec } from '../contract/process-spec.ts'
import type { Spawner } from './spawner.ts'

export type Sockets = {
  readonly addresses: ReadonlyMap<string, SocketAddress>
  readonly specs: readonly SocketSpec[]
  /** Rejects with the first refusal. */
  open(specs: readonly SocketSpec[]): Promise<void>
  close(names: readonly string[]): void
  status(processes: readonly ProcessSpec[]): readonly SocketStatus[]
}

export const createSockets = (spawner: Pick<Spawner, 'listen' | 'unlisten'>): Sockets => {
  const addresses = new Map<string, SocketAddress>()
  const known = new Map<string, SocketSpec>()
  return {
    addresses,
    get specs() {
      return [...known.values()]
    },
    async open(specs) {
      for (const spec of specs) known.set(spec.name, spec)
      await Promise.all(specs.map(async (spec) => addresses.set(spec.name, await spawner.listen(spec))))
    },
    close(names) {
      for (const name of names) {
        known.delete(name)
        if (addresses.delete(name)) spawner.unlisten(name)
      }
    },
    status: (processes) =>
      [...known.values()].map(({ name, address }) => ({
        name,
        kind: address.kind,
        address: renderSocketAddress(addresses.get(name) ?? address),
        isOpen: addresses.has(name),
        processes: processes.filter(({ sockets, stdinSocket }) => sockets.includes(name) || stdinSocket === name).map((spec) => spec.name),
      })),
  }
}

const renderSocketAddress = (address: SocketAddress): string => ('path' in address ? address.path : renderAddress(address))

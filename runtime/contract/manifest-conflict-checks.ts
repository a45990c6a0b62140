// Two that want the same: one address, or one log file. What depends on the environment is compared on the target.

import { isSameListener, parseAddress } from './address.ts'
import type { Address } from './address.ts'
import type { Manifest, ProcessDeclaration, StreamDeclaration } from './manifest-schema.ts'
import { isLiteral, parseReferences } from './placeholder.ts'

export const checkConflicts = (manifest: Manifest): readonly string[] => [...checkAddresses(manifest), ...checkFiles(manifest)]

/** What a process is asked at to tell whether it is ready is what it listens on. */
type Listener = {
  readonly place: string
  readonly owner: string
  readonly kind: string
  readonly text: string
  /** When the text is one, and says the same everywhere. */
  readonly address: Address | undefined
  /** Names of sockets that the owner is given, or that it is. */
  readonly sockets: readonly string[]
}

const checkAddresses = (manifest: Manifest): readonly string[] => {
  const sockets = Object.entries(manifest.sockets).flatMap(([name, { tcp, udp, unix, unixgram }]) =>
    createListeners(`sockets.${name}`, [name], { tcp, udp, unix: unix ?? unixgram }),
  )
  const processes = Object.entries(manifest.processes).flatMap(([name, declaration]) =>
    ['startup', 'ready'].flatMap((key) => {
      const { tcp, unix } = (key === 'ready' ? declaration.ready : declaration.startup) ?? {}
      return createListeners(`processes.${name}`, listSockets(declaration), { tcp, unix }, key)
    }),
  )
  const heartbeats = manifest.heartbeats.flatMap(({ udp }, index) => createListeners(`heartbeats.${index}`, [], { udp }))
  const listeners = [...sockets, ...heartbeats, ...processes]
  return listeners.flatMap((later, at) =>
    listeners
      .slice(0, at)
      .filter((earlier) => isConflict(earlier, later))
      .map((earlier) => `${later.place}: ${earlier.place} has the same address, "${later.text}"`),
  )
}

const listSockets = ({ sockets, stdin }: ProcessDeclaration): readonly string[] => (stdin === 'null' ? sockets : [...sockets, stdin.socket])

const createListeners = (
  owner: string,
  sockets: readonly string[],
  ...[addresses, key]: readonly [Readonly<Record<string, string | undefined>>, string?]
): readonly Listener[] =>
  Object.entries(addresses).flatMap(([kind, text]) =>
    text === undefined
      ? []
      : [{ place: key === undefined ? `${owner}.${kind}` : `${owner}.${key}.${kind}`, owner, kind, text, address: parseAddress(text), sockets }],
  )

const isConflict = (earlier: Listener, later: Listener): boolean => {
  const isShared = earlier.sockets.some((name) => later.sockets.includes(name))
  if (earlier.owner === later.owner || earlier.kind !== later.kind || isShared) return false
  if (!isLiteral(earlier.text) || !isLiteral(later.text)) return earlier.text === later.text && isTheSameFor(later.text)
  if (earlier.address === undefined || later.address === undefined) return earlier.text === later.text && earlier.kind === 'unix'
  return isSameListener(earlier.address, later.address)
}

/** Whether a text says the same in any two processes. */
const isTheSameFor = (text: string): boolean => !parseReferences(text).some(({ subject, name }) => subject === 'process' && name === 'name')

/** Each file has one writer, whoever writes to it; but it can be rotated in one way only. */
const checkFiles = (manifest: Manifest): readonly string[] => {
  const uses = Object.entries(manifest.processes).flatMap(([name, { stdout, stderr }]) =>
    Object.entries({ stdout, stderr }).flatMap(([key, stream]) => createUse(name, `processes.${name}.${key}`, stream)),
  )
  return uses.flatMap((later, at) => {
    const earlier = uses.slice(0, at).find((use) => isSameFile(use, later) && use.rotation !== later.rotation)
    return earlier === undefined ? [] : [`${later.place}: ${earlier.place} has "${later.file}" rotated in another way`]
  })
}

type FileUse = { readonly process: string; readonly place: string; readonly file: string; readonly rotation: string }

const createUse = (process: string, place: string, stream: StreamDeclaration): readonly FileUse[] => {
  if (typeof stream === 'string') return []
  const { file, maxBytes, backupCount, rotateWhen, rotateInterval, utc } = stream
  return [{ process, place, file, rotation: JSON.stringify([maxBytes, backupCount, rotateWhen, rotateInterval, utc]) }]
}

const isSameFile = (earlier: FileUse, later: FileUse): boolean => earlier.file === later.file && (earlier.process === later.process || isTheSameFor(later.file))

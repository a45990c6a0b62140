// Processes that tell by datagram that they live: "PID;TIME" to a UDP port, as circus' WatchDog has it. Who is silent for
// too long hangs, and is killed; what becomes of it then is the business of its restart policy.

import { createSocket } from 'node:dgram'
import type { SupervisorControl } from '../contract/control-supervisor.ts'
import type { HeartbeatSpec } from '../contract/process-spec.ts'
import { TIMER_MAX_MS } from '../contract/quantity.ts'

export type HeartbeatsRequest = {
  readonly supervisor: Pick<SupervisorControl, 'plan' | 'events' | 'status' | 'signal'>
  readonly warn: (text: string) => void
}

/** Follows the plan: what a reload changes is taken up. */
export const createHeartbeats = ({ supervisor, warn }: HeartbeatsRequest): { close(): void } => {
  let listeners: readonly Listener[] = []
  let applied = ''
  const apply = (): void => {
    const specs = supervisor.plan.heartbeats ?? []
    const wanted = JSON.stringify(specs.map((spec) => ({ ...spec, pattern: spec.pattern.source })))
    if (wanted === applied) return
    applied = wanted
    for (const { close } of listeners) close()
    listeners = specs.map((spec) => createListener(spec, { supervisor, warn }))
  }
  const unsubscribe = supervisor.events.subscribe((event) => {
    if (event.kind === 'bundle') apply()
    else if (event.kind === 'spawned' || event.kind === 'exited') for (const { follow } of listeners) follow(event)
  })
  apply()
  return {
    close() {
      unsubscribe()
      for (const { close } of listeners) close()
    },
  }
}

type Run = { readonly label: string; readonly pid: number }
type Followed = { readonly kind: string; readonly process: string | null; readonly label: string | null; readonly pid: number | null }
type Listener = { readonly follow: (event: Followed) => void; readonly close: () => void }

const createListener = (spec: HeartbeatSpec, { supervisor, warn }: HeartbeatsRequest): Listener => {
  const limitMs = spec.intervalMs * spec.maxCount
  const heardAtMs = new Map<number, number>()
  const labels = new Map<number, string>()
  let timer: NodeJS.Timeout | undefined
  let isListening = false
  let isClosed = false

  const look = (): void => {
    timer = undefined
    const nowMs = performance.now()
    for (const [pid, atMs] of heardAtMs) {
      if (nowMs - atMs < limitMs) continue
      const label = labels.get(pid) ?? ''
      warn(`"${label}" (pid ${pid}) has sent no heartbeat for ${limitMs / 1000} s: it is killed`)
      forget(pid)
      kill({ label, pid })
    }
    arm()
  }
  const kill = ({ label, pid }: Run): void => {
    try {
      supervisor.signal([label], 'SIGKILL', { pid })
    } catch (error) {
      // The bundle is stopping, or the process is no longer ours: both are somebody else's to end.
      warn(`"${label}" (pid ${pid}) is not killed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const arm = (): void => {
    const first = Math.min(...heardAtMs.values())
    if (timer !== undefined || !isListening || !Number.isFinite(first)) return
    timer = setTimeout(look, Math.min(Math.max(1, Math.ceil(first + limitMs - performance.now())), TIMER_MAX_MS))
  }
  const watch = ({ label, pid }: Run): void => {
    labels.set(pid, label)
    heardAtMs.set(pid, performance.now())
    arm()
  }
  const forget = (pid: number): void => {
    labels.delete(pid)
    heardAtMs.delete(pid)
  }
  const socket = createSocket(spec.host.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (message) => {
    // Python's `$`, for which such patterns are written, passes over a line feed at the end.
    const pid = Number(spec.pattern.exec(message.toString('latin1').trimEnd())?.groups?.['pid'])
    if (heardAtMs.has(pid)) heardAtMs.set(pid, performance.now())
  })
  // Nobody is killed for what cannot be heard.
  socket.on('error', (error) => {
    warn(`no heartbeats are heard at ${spec.host}:${spec.port}: ${error.message}`)
    close()
  })
  socket.bind({ address: spec.host, port: spec.port, exclusive: true }, () => {
    isListening = !isClosed
    for (const pid of heardAtMs.keys()) heardAtMs.set(pid, performance.now())
    arm()
  })
  const close = (): void => {
    clearTimeout(timer)
    timer = undefined
    heardAtMs.clear()
    labels.clear()
    // One that is still being bound is closed afterwards, or its port would stay taken.
    if (!isClosed) socket.close()
    isClosed = true
    isListening = false
  }
  const known = supervisor.status().filter(({ name }) => spec.processes.includes(name))
  for (const { label, pid } of known.flatMap(({ instances }) => instances)) if (pid !== null) watch({ label, pid })
  return {
    follow({ kind, process, label, pid }) {
      if (pid === null || process === null || !spec.processes.includes(process)) return
      if (kind === 'exited') forget(pid)
      else watch({ label: label ?? process, pid })
    },
    close,
  }
}

// Everything that a process has started and that stayed in its session (the shim made one per process).
// The kernel keeps the session's number taken while a member lives, so that a scan cannot meet strangers.

import { readdirSync, readFileSync } from 'node:fs'

/** Pids of the living members of a session, zombies left out; empty as well when the number has a new owner. */
export const readSession = (sessionId: number, isLeaderGone: boolean): readonly number[] => {
  const members = readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry)
    return Number.isInteger(pid) && isMember(pid, sessionId) ? [pid] : []
  })
  return isLeaderGone && members.includes(sessionId) ? [] : members
}

const isMember = (pid: number, sessionId: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; state, parent, group and session follow the last of them.
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 4)
    return Number(session) === sessionId && state !== 'Z' && state !== 'X'
  } catch {
    // ENOENT and ESRCH: it ended while we looked.
    return false
  }
}

/** To the process group; to the process alone while the shim has not yet made the group. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  if (!sendSignal(-pid, signal)) sendSignal(pid, signal)
}

export const sendSignal = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    // ESRCH: gone already. EPERM: it has become another user's (setuid), and only root could do more.
    return false
  }
}

export type SessionRequest = { readonly sessionId: number; readonly signal: NodeJS.Signals; readonly isKill: boolean }

export type SessionCleaner = {
  /** From now on SIGKILL. */
  kill(): void
}

/**
 * Ends what is left of a session whose leader is gone: the stop signal once, then waiting, SIGKILL after kill().
 * `done` is called with the number of processes that would not go even so (uninterruptible, or not ours).
 */
export const createSessionCleaner = (request: SessionRequest, done: (remaining: number) => void): SessionCleaner => {
  let isKill = request.isKill
  let passesSinceKill = 0
  let delayMs = 2
  let timer: NodeJS.Timeout | undefined
  const pass = (isFirst: boolean): void => {
    const members = readSession(request.sessionId, true)
    if (isKill) passesSinceKill += 1
    if (members.length === 0 || passesSinceKill > KILL_PASSES) return done(members.length)
    for (const pid of members) {
      if (isKill) sendSignal(pid, 'SIGKILL')
      else if (isFirst && sendSignal(pid, request.signal)) sendSignal(pid, 'SIGCONT')
    }
    timer = setTimeout(pass, delayMs, false)
    delayMs = Math.min(delayMs * 2, 50)
  }
  pass(true)
  return {
    kill() {
      if (isKill || timer === undefined) return
      isKill = true
      clearTimeout(timer)
      pass(false)
    },
  }
}

/** About two seconds. */
const KILL_PASSES = 45

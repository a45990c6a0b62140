// One life of one instance: from the spawn until nothing of it is left.

import type { ExitMark, InstanceSpec, ProcessSpec, ReadyCheck, SocketAddress } from '../contract/process-spec.ts'
import { createHookRunner } from './runner-hooks.ts'
import { createMainProcess } from './runner-main-process.ts'
import { createObservers } from './runner-observers.ts'
import { planRunRequest } from './runner-plan.ts'
import type { InstanceName, RunnerServices } from './runner-services.ts'
import { findOccupant, renderOccupant } from './port-owner-occupant.ts'
import { createCheckCommand } from './probe-command.ts'
import { createRunFeed } from './probe-feed.ts'
import type { CheckContext } from './probe-ask.ts'
import { readOrphans, readRunMembers } from './process-tree-run.ts'
import type { RunTrace } from './process-tree-run.ts'
import { isSpawned, readSpawnedDescendants } from './process-tree.ts'
import type { ProcessMark } from './process-tree.ts'
import { createCleaner, signalProcesses } from './session.ts'
import type { Cleaner } from './session.ts'
import type { NotifyMessage } from './spawner-notify.ts'
import type { Child, ChildUsage, SignalScope, SpawnListeners, SpawnRequest, Successor } from './spawner.ts'
import type { ChildExit, ProcessEvent } from './state.ts'
import type { RunLog } from './stream-set.ts'

export type RunOptions = {
  readonly services: RunnerServices
  readonly name: InstanceName
  readonly spec: ProcessSpec
  readonly instance: InstanceSpec
  /** No event comes within the call that causes it. */
  readonly dispatch: (event: ProcessEvent) => void
  readonly report: (reason: string) => void
}

export type Run = {
  readonly instance: InstanceSpec
  readonly label: string
  readonly leaderPid: number | undefined
  readonly usage: ChildUsage | undefined
  /** Why the latest check said no. */
  readonly checkReason: string
  /** For `spawn`: it has been started already, at the end of the run that it follows. */
  readonly isStarted: boolean
  runHook(hook: 'beforeSpawn' | 'afterSpawn'): Promise<void>
  spawn(): void
  /** This run begins when the other one ends and leaves nothing, unless it ends in one of these ways; false when that cannot be. */
  follow(before: Run, unless: readonly ExitMark[]): boolean
  /** For the run that follows. */
  nameSuccessor(...following: Parameters<Child['follow']>): Successor | undefined
  startProbe(step: 'startup' | 'ready'): void
  stopProbe(): void
  startRecheck(): void
  startObserving(): void
  stopObserving(): void
  sendSignal(signal: NodeJS.Signals, isStop: boolean): void
  kill(): void
  /** Those around its end are cut off, and none begins: nobody may wait any longer. */
  skipHooks(): void
  /** `signal`: for what is left over. */
  clear(exit: ChildExit | undefined, signal: NodeJS.Signals): Promise<void>
  /** What its hook says. */
  extendedStats(): Promise<unknown>
  /** No longer ours: no event comes any more. */
  release(): void
}

export const createRun = (options: RunOptions): Run => {
  const { services, name, spec, instance, report } = options
  const { hub, streams, spawner, fifosDir } = services
  const invocationId = createInvocationId()
  const plan = planRunRequest({ ...options, ...services, invocationId })
  const feed = createRunFeed()
  let sinceSequence = hub.sequence
  const hooks = createHookRunner({ services, name, instance, run: plan.run, log: spec.log, report })
  const main = createMainProcess()
  let isReleased = false
  const dispatch = (event: ProcessEvent): void => (isReleased ? undefined : options.dispatch(event))
  const observers = createObservers({ spec, instance, dispatch })
  let hookAbort = new AbortController()
  const hurry = new AbortController()
  let child: Child | undefined
  let successor: Successor | undefined
  let leaderPid: number | undefined
  let log: RunLog | undefined
  let usage: ChildUsage | undefined
  let snapshot: readonly ProcessMark[] = []
  let cleaner: Cleaner | undefined
  let isKilled = false
  let hasEnded = false
  /** A stop came before the program was started. */
  let isUnwanted = false

  const trace = (): RunTrace | undefined => (leaderPid === undefined ? undefined : { leaderPid, invocationId, snapshot })
  const checkContext = (): CheckContext => ({
    process: name.label,
    hub,
    sinceSequence,
    run: { leaderPid: leaderPid ?? 0, invocationId },
    mainPid: () => main.mark?.pid ?? leaderPid ?? 0,
    feed,
    awaitsReady: instance.ready?.check.kind === 'notify',
    runCommand: createCheckCommand(hooks.runCommand, plan.run),
  })
  const hear = (message: NotifyMessage): void => {
    feed.notified(message)
    const run = trace()
    if (message.mainPid !== undefined && run !== undefined && main.name(message.mainPid, run)) dispatch({ kind: 'mainPid', pid: message.mainPid })
    if (message.extendTimeoutUs !== undefined) dispatch({ kind: 'extended', byMs: message.extendTimeoutUs / 1000 })
    const text = renderNotice(message)
    if (text !== undefined) dispatch({ kind: 'noticed', text })
  }
  /** The members of the run, once its leader has been waited for. */
  const signalRest = (signal: NodeJS.Signals): void => {
    const run = trace()
    if (run !== undefined) signalProcesses(hasEnded ? readOrphans(run, 'quick') : main.mark === undefined ? [] : [main.mark], signal)
  }
  const sendTo = (scope: SignalScope, signal: NodeJS.Signals): void => {
    if (hasEnded || (main.mark !== undefined && scope === 'leader')) signalRest(signal)
    else child?.signal(scope, signal)
  }
  const send = (signal: NodeJS.Signals, isStop: boolean): void => {
    isUnwanted ||= isStop && child === undefined
    const scope = isStop && spec.stopChildren ? 'group' : 'leader'
    sendTo(scope, signal)
    // A stopped process would take the signal only after it is continued.
    if (isStop) sendTo(scope, 'SIGCONT')
    void hooks.run('afterSignal', { pid: leaderPid, signal })
  }
  const finish = async (remaining: number, exit: ChildExit | undefined): Promise<void> => {
    if (remaining > 0) report(`${remaining} of its processes cannot be ended`)
    child?.release()
    await log?.drain(DRAIN_MS)
    if (hooks.has('afterReap')) await hooks.run('afterReap', { pid: leaderPid, exit }, hurry.signal)
    dispatch({ kind: 'cleared' })
  }
  const request: SpawnRequest = { ...plan, fifosDir }
  const listeners: SpawnListeners = {
    piped: (pipes) => {
      log = streams.add({ ...name, spec: spec.log, pipes, stdout: instance.stdout, stderr: instance.stderr })
    },
    spawned: (pid) => {
      leaderPid = pid
      log?.begin(pid)
      dispatch({ kind: 'spawned', pid })
    },
    notified: hear,
    readyFd: feed.readyFd,
    exited: (exit, used) => {
      hasEnded = true
      usage = used
      main.awaitEnd(() => dispatch({ kind: 'exit', exit }))
    },
  }
  const spawn = (): void => {
    if (successor?.isStarted !== true) {
      child = spawner.spawn(request, listeners)
      return
    }
    sinceSequence = hub.sequence
    child = successor.child
    successor.accept()
  }
  const address = planAddressCheck(instance, services.socketAddresses())
  const spawnIfFree = async (): Promise<void> => {
    const occupant = await findOccupant(address, name.process)
    if (isUnwanted) return dispatch({ kind: 'exit', exit: { kind: 'signal', signal: 'SIGTERM' } })
    if (occupant === undefined) return spawn()
    const message = `cannot start "${name.label}": ${renderOccupant(occupant)}`
    dispatch({ kind: 'exit', exit: { kind: 'spawnFailed', status: 125, code: 'PORT_IN_USE', message } })
  }
  return {
    instance,
    label: name.label,
    get leaderPid() {
      return leaderPid
    },
    get usage() {
      return usage
    },
    get checkReason() {
      return observers.reason
    },
    async runHook(hook) {
      const abort = (hookAbort = new AbortController())
      const isPassed = await hooks.run(hook, { pid: leaderPid }, abort.signal)
      if (abort.signal.aborted) return
      dispatch(isPassed ? { kind: 'hookPassed', hook } : { kind: 'hookFailed', hook, reason: `its hook ${hook} failed` })
    },
    get isStarted() {
      return successor?.isStarted ?? false
    },
    // Who has been started a moment ago is the one at its address.
    spawn: () => (address === undefined || successor?.isStarted === true ? spawn() : void spawnIfFree()),
    follow(before, unless) {
      successor = before.nameSuccessor(request, listeners, unless)
      return successor !== undefined
    },
    nameSuccessor: (...following) => child?.follow(...following),
    startProbe: (step) => observers.startProbe(step, checkContext()),
    stopProbe: observers.stopProbe,
    startRecheck: () => observers.startRecheck(checkContext()),
    startObserving: () => observers.startObserving(checkContext()),
    stopObserving() {
      hookAbort.abort()
      observers.stop()
    },
    sendSignal(signal, isStop) {
      if (isStop && leaderPid !== undefined && snapshot.length === 0) snapshot = readSpawnedDescendants(leaderPid)
      if (!hooks.has('beforeSignal')) return send(signal, isStop)
      void hooks.run('beforeSignal', { pid: leaderPid, signal }).then((isPassed) => {
        if (isPassed) send(signal, isStop)
        else report(`its hook beforeSignal has kept ${signal} from it`)
      })
    },
    kill() {
      isKilled = true
      isUnwanted ||= child === undefined
      if (cleaner !== undefined) return cleaner.kill()
      const run = trace()
      // Found first: with the leader gone, the chains are cut.
      const members = run === undefined ? [] : hasEnded || !isSpawned(run.leaderPid) ? readOrphans(run, 'quick') : readRunMembers(run)
      child?.signal('session', 'SIGKILL')
      signalProcesses(members, 'SIGKILL')
    },
    skipHooks: () => hurry.abort(),
    async clear(exit, signal) {
      if (hooks.has('beforeReap')) await hooks.run('beforeReap', { pid: leaderPid, exit }, hurry.signal)
      const run = trace()
      if (run === undefined) return finish(0, exit)
      cleaner = createCleaner({ run, snapshot, signal, isKill: isKilled }, (remaining) => void finish(remaining, exit))
    },
    extendedStats: () => hooks.ask('extendedStats', { pid: leaderPid }),
    release() {
      isReleased = true
      child?.release()
      hookAbort.abort()
      observers.stop()
      main.cancel()
    },
  }
}

/** No secret, and not of OpenSSL's making: that has nothing on kernels without getrandom (before 3.17, or behind a filter). */
const createInvocationId = (): string =>
  Array.from({ length: 16 }, () =>
    Math.floor(Math.random() * 256)
      .toString(16)
      .padStart(2, '0'),
  ).join('')

/** Who is asked there should be the process itself; a declared socket is open before it, and a question would wait in its queue. */
const planAddressCheck = ({ startup, ready }: InstanceSpec, declared: ReadonlyMap<string, SocketAddress>): ReadyCheck | undefined => {
  const check = [startup?.check, ready?.check].find((one) => one?.kind === 'tcp' || one?.kind === 'unix' || one?.kind === 'http')
  return [...declared.values()].some((address) => isAskedAt(check, address)) ? undefined : check
}

const isAskedAt = (check: ReadyCheck | undefined, address: SocketAddress): boolean => {
  if ('path' in address) return check?.kind === 'unix' && check.socketPath === address.path
  if (check?.kind === 'http') return URL.canParse(check.url) && Number(new URL(check.url).port || 80) === address.port
  return check?.kind === 'tcp' && check.port === address.port
}

/** After the exit: usually the pipes end at once; a descendant that cannot be found may keep them open for ever. */
const DRAIN_MS = 250

const renderNotice = ({ status, stopping, reloading, ready }: NotifyMessage): string | undefined => {
  if (status !== undefined) return status
  if (stopping === true) return 'it is stopping'
  if (reloading === true) return 'it is reloading'
  return ready === true ? '' : undefined
}

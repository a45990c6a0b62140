// The open file behind a log file: opened when needed, again when its name has come to mean another one, and
// renamed to a backup before a line would exceed its size or belong to another period.

import type { LogFileSpec } from '../contract/process-spec.ts'
import { LINE_FEED } from './count-lines.ts'
import { renderBackupHint, renderLogHint } from './log-hint.ts'
import { closeLogFile, lookAtLogFile, openLogFile } from './open-log-file.ts'
import type { OpenLogFile } from './open-log-file.ts'
import type { Report } from './report.ts'
import { removeDated, rotateDated, rotateNumbered } from './rotate-file.ts'
import { renderPeriod, resolveRolloverMs } from './rotation-time.ts'

export type LogFileHandle = {
  configure(spec: LogFileSpec): void
  readonly fd: number | undefined
  /** It could not be opened or written a moment ago: not tried again yet. */
  readonly isDown: boolean
  /** Somebody was told that it could not be written, and not yet that it can. */
  readonly isOut: boolean
  /** Opens it if need be; false when that is impossible now. */
  prepare(): Promise<boolean>
  /** Up to where these lines may be appended now. May rotate; then `fd` is undefined and it is to be prepared. */
  resolveEnd(lines: Buffer, start: number): Promise<number>
  wrote(sizeBytes: number, error: Error | undefined): Promise<void>
  lost(lines: number): void
  /** To be opened anew before the next line. */
  expire(): void
  close(): Promise<void>
}

export type LogFileHandleOptions = { readonly spec: LogFileSpec; readonly report: Report; readonly nowMs: () => number }

export const createLogFileHandle = ({ spec: firstSpec, report, nowMs }: LogFileHandleOptions): LogFileHandle => {
  const { path } = firstSpec
  let spec = firstSpec
  let file: OpenLogFile | undefined
  let sizeBytes = 0
  let periodStartMs = 0
  let rolloverMs = Infinity
  let lookedAtMs = 0
  let isExpired = false
  let failedAtMs = -Infinity
  let rotationFailedAtMs = -Infinity
  /** Was to be rotated, but its name seemed to mean another file. */
  let namelessInode: string | undefined
  let outage: { linesLost: number } | undefined

  /** A clock that was set back says nothing: then it is as if the time were over. */
  const isWithin = (periodMs: number, sinceMs: number): boolean => nowMs() >= sinceMs && nowMs() < sinceMs + periodMs
  const close = async (): Promise<void> => {
    const fd = file?.fd
    file = undefined
    if (fd !== undefined) await closeLogFile(fd).catch(() => undefined)
  }
  const fail = async (error: Error): Promise<void> => {
    failedAtMs = nowMs()
    await close()
    if (outage === undefined) report.warn(`cannot write log "${path}": ${error.message}; its lines are lost until that works again${renderLogHint(error)}`)
    outage ??= { linesLost: 0 }
  }
  const open = async (): Promise<boolean> => {
    // Before it is opened: who renames it meanwhile and says so is heard.
    isExpired = false
    try {
      file = await openLogFile(spec)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      await fail(error)
      return false
    }
    sizeBytes = file.sizeBytes
    lookedAtMs = nowMs()
    // It would be so again for every line. A new file may have got its number.
    if (file.inode === namelessInode && sizeBytes > 0) failRotation('the file system does not say which file has its name')
    namelessInode = undefined
    planRollover(sizeBytes > 0 ? Math.min(file.modifiedMs, nowMs()) : nowMs())
    return true
  }
  const planRollover = (startMs: number): void => {
    periodStartMs = startMs
    rolloverMs = spec.rotation === undefined ? Infinity : resolveRolloverMs(spec.rotation, periodStartMs)
  }
  /** Somebody else may rotate it, or cut it. */
  const isStillThere = async (): Promise<boolean> => {
    if (file === undefined || isExpired) return false
    return !file.isRegular || isWithin(LOOK_MS, lookedAtMs) || hasName()
  }
  const hasName = async (): Promise<boolean> => {
    lookedAtMs = nowMs()
    const now = await lookAtLogFile(path)
    if (now !== undefined) sizeBytes = now.sizeBytes
    return now !== undefined && now.inode === file?.inode
  }
  const failRotation = (reason: string): void => {
    rotationFailedAtMs = nowMs()
    report.warn(`cannot rotate log "${path}": ${reason}; it grows`)
  }
  const rotate = async (): Promise<boolean> => {
    const period = spec.rotation !== undefined && spec.maxBytes === undefined ? renderPeriod(spec.rotation, rolloverMs) : undefined
    try {
      // What has its name now may be somebody else's, who has rotated it just before.
      if (!(await hasName())) namelessInode = file?.inode
      else await (period === undefined ? rotateNumbered(path, spec.backupCount) : rotateDated(path, period))
    } catch (error) {
      if (await hasName()) {
        rotationFailedAtMs = nowMs()
        report.warn(`cannot rotate log "${path}": ${messageOf(error)}; it grows${renderBackupHint(error)}`)
        return false
      }
    }
    await close()
    if (period !== undefined) await removeOld(period.length)
    return true
  }
  const removeOld = async (periodLength: number): Promise<void> => {
    try {
      await removeDated(path, periodLength, spec.backupCount)
    } catch (error) {
      report.warn(`cannot remove old backups of log "${path}": ${messageOf(error)}${renderBackupHint(error)}`)
    }
  }
  /** As circus and Python have it: without backups nothing is rotated by size, because that would throw lines away. */
  const roomBytes = (): number => (spec.maxBytes === undefined || spec.backupCount === 0 ? Infinity : spec.maxBytes - sizeBytes)
  const resolveFit = (lines: Buffer, start: number): number => {
    if (nowMs() < periodStartMs) planRollover(nowMs())
    if (nowMs() >= rolloverMs && sizeBytes > 0) return start
    const room = roomBytes()
    if (lines.length - start <= room) return lines.length
    const end = room <= 0 ? 0 : lines.lastIndexOf(LINE_FEED, start + room - 1) + 1
    if (end > start) return end
    return sizeBytes > 0 ? start : lines.indexOf(LINE_FEED, start) + 1
  }
  return {
    configure(now) {
      spec = now
      planRollover(periodStartMs)
    },
    get fd() {
      return file?.fd
    },
    get isDown() {
      return outage !== undefined && isWithin(RETRY_MS, failedAtMs)
    },
    get isOut() {
      return outage !== undefined
    },
    async prepare() {
      if (await isStillThere()) return true
      await close()
      return !isWithin(RETRY_MS, failedAtMs) && (await open())
    },
    async resolveEnd(lines, start) {
      if (file?.isRegular !== true || isWithin(ROTATION_RETRY_MS, rotationFailedAtMs)) return lines.length
      const end = resolveFit(lines, start)
      if (end > start) return end
      return (await rotate()) ? start : lines.length
    },
    async wrote(written, error) {
      sizeBytes += written
      if (error !== undefined) return fail(error)
      if (outage !== undefined) report.info(`log "${path}" is written again; ${outage.linesLost} lines were lost`)
      outage = undefined
    },
    lost(lines) {
      if (outage !== undefined) outage = { linesLost: outage.linesLost + lines }
    },
    expire() {
      isExpired = true
      // Whoever says so has done something about it.
      failedAtMs = -Infinity
      rotationFailedAtMs = -Infinity
    },
    close,
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A full disk is not asked more often. */
const RETRY_MS = 1000
const ROTATION_RETRY_MS = 60_000
/** Within that time after a rename by somebody else, lines go to the renamed file. */
const LOOK_MS = 10

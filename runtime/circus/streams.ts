// stdout_stream.* and stderr_stream.* -> where a stream goes.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import type { Section } from './section.ts'

type ProcessInput = NonNullable<ManifestInput['processes']>[string]
export type StreamInput = NonNullable<ProcessInput['stdout']>

export const planStream = (section: Section, stream: 'stdout' | 'stderr', workingDir: string): StreamInput => {
  const prefix = `${stream}_stream.`
  const keys = section.keys.filter((key) => key.startsWith(prefix))
  if (section.boolean(`close_child_${stream}`) === true) {
    for (const key of keys) section.warn(key, `"${key}" has no effect: close_child_${stream} is True`)
    return 'null'
  }
  const [first] = keys
  if (first === undefined) return 'log'
  const className = readClass(section, prefix)
  for (const key of keys) checkKey({ key, name: key.slice(prefix.length), className }, section)
  if (FILE_CLASSES.has(className)) return planFile(section, { prefix, className, workingDir })
  if (!LOG_CLASSES.has(className)) section.warn(first, `"${className}" cannot run here: the stream goes to the log`)
  return 'log'
}

const FILE_CLASSES: ReadonlySet<string> = new Set(['FileStream', 'WatchedFileStream', 'TimedRotatingFileStream'])
const LOG_CLASSES: ReadonlySet<string> = new Set(['StdoutStream', 'FancyStdoutStream', 'StderrStream'])

/** circus lets its own classes be named without their module. */
const readClass = (section: Section, prefix: string): string => {
  const name = section.text(`${prefix}class`) ?? (section.text(`${prefix}filename`) === undefined ? 'StdoutStream' : 'FileStream')
  return name.trim().replace(/^circus\.stream\.(?:\w+\.)*/, '')
}

const ALWAYS_KNOWN: ReadonlySet<string> = new Set(['class'])
const FILE_KEYS: ReadonlySet<string> = new Set(['filename', 'time_format', 'max_bytes', 'backup_count'])
const TIMED_CLASS = 'TimedRotatingFileStream'
const TIMED_KEYS: ReadonlySet<string> = new Set(['rotate_when', 'rotate_interval', 'utc'])

const checkKey = ({ key, name, className }: { key: string; name: string; className: string }, section: Section): void => {
  if (ALWAYS_KNOWN.has(name) || (FILE_CLASSES.has(className) && FILE_KEYS.has(name)) || (className === TIMED_CLASS && TIMED_KEYS.has(name))) return
  const isFancy = LOG_CLASSES.has(className) && (name === 'color' || name === 'time_format')
  const reason = isFancy ? 'the log has prefixes, colours and times of its own' : `unknown option of ${className}`
  section.warn(key, `"${key}" has no effect: ${reason}`)
}

type FileRequest = { readonly prefix: string; readonly className: string; readonly workingDir: string }

const planFile = (section: Section, { prefix, className, workingDir }: FileRequest): StreamInput => {
  const file = section.text(`${prefix}filename`) ?? ''
  if (file.trim() === '') {
    section.problem(undefined, `[${section.name}]: "${prefix}filename" is missing`)
    return 'log'
  }
  const maxBytes = section.integer(`${prefix}max_bytes`) ?? 0
  const timeFormat = section.text(`${prefix}time_format`)
  return {
    file: resolvePath(file.trim(), workingDir),
    ...(maxBytes > 0 ? { maxBytes: String(maxBytes) } : {}),
    backupCount: Math.max(0, section.integer(`${prefix}backup_count`) ?? 0),
    ...(className === TIMED_CLASS ? planRotation(section, prefix) : {}),
    ...(timeFormat === undefined ? {} : { timeFormat }),
  }
}

/** Ours are below dir.log, those of circus where it runs. A placeholder is a path already. */
const resolvePath = (path: string, workingDir: string): string => (/^(?:\/|@\{)/.test(path) ? path : `${workingDir}/${path}`)

const ROTATIONS = ['S', 'M', 'H', 'D', 'W0', 'W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'midnight'] as const

const planRotation = (section: Section, prefix: string): Pick<Exclude<StreamInput, string>, 'rotateWhen' | 'rotateInterval' | 'utc'> => {
  const text = section.text(`${prefix}rotate_when`) ?? 'H'
  const rotateWhen = ROTATIONS.find((known) => known.toLowerCase() === text.trim().toLowerCase())
  if (rotateWhen === undefined) {
    section.problem(`${prefix}rotate_when`, `"${prefix}rotate_when": expected ${ROTATIONS.join(', ')}, got ${JSON.stringify(text)}`)
  }
  return {
    rotateWhen: rotateWhen ?? 'H',
    rotateInterval: section.integer(`${prefix}rotate_interval`) ?? 1,
    utc: section.boolean(`${prefix}utc`) ?? false,
  }
}

// The plugin WatchDog: processes send "PID;TIME" to a UDP port; who is silent is killed.

import type { ManifestInput } from '../contract/manifest-schema.ts'
import { renderInterval } from './section.ts'
import type { Section } from './section.ts'

type HeartbeatInput = NonNullable<ManifestInput['heartbeats']>[number]

export const planHeartbeat = (section: Section, watchers: readonly string[]): HeartbeatInput | undefined => {
  const pattern = readPattern(section, 'msg_regex', '^(?P<pid>.*);(?P<timestamp>.*)$')
  // Python's re.match: at the beginning of the name.
  const names = readPattern(section, 'watchers_regex', '.*')
  if (pattern === undefined || names === undefined) return undefined
  const processes = watchers.filter((name) => new RegExp(`^(?:${names})`, 'u').test(name))
  if (processes.length === 0) section.warn(undefined, `[${section.name}]: "watchers_regex" fits no watcher`)
  if (!pattern.includes('(?<pid>')) section.problem('msg_regex', '"msg_regex": it needs a group named "pid"')
  return {
    udp: `${section.text('ip') ?? '127.0.0.1'}:${section.integer('port') ?? 1664}`,
    processes,
    pattern,
    interval: renderInterval(section.number('loop_rate') ?? 60),
    maxCount: section.integer('max_count') ?? 3,
  }
}

/** Python's named groups are the only difference that such a pattern is likely to have. */
const readPattern = (section: Section, key: string, fallback: string): string | undefined => {
  const source = (section.text(key) ?? fallback).replaceAll('(?P<', '(?<')
  try {
    return new RegExp(source, 'u').source
  } catch (error) {
    section.problem(key, `"${key}": not a regular expression (${error instanceof Error ? error.message : String(error)})`)
    return undefined
  }
}

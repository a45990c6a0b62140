// Lines for programs: one JSON object each. What is not UTF-8 becomes U+FFFD, as JSON can hold nothing else.

import type { LogEvent } from './log-event.ts'
import { decodeLines } from './log-hub.ts'

/** `seq` numbers the lines of one stream of one instance; a gap is what was lost. */
export const renderJsonLines = ({ process, index, pid, stream, timeMs, firstLine, bytes }: LogEvent): string => {
  const head = `{"time":"${new Date(timeMs).toISOString()}","process":${JSON.stringify(process)},"index":${index},"pid":${pid ?? 'null'},"stream":"${stream}"`
  const lines = decodeLines(bytes)
  return lines.map((line, at) => `${head},"line":${JSON.stringify(line)},"seq":${firstLine + at}}\n`).join('')
}

// `top` on a real terminal, which script(1) makes.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRuntime } from '../helpers/start-runtime.ts'
import type { Runtime } from '../helpers/start-runtime.ts'

const MAIN = join(import.meta.dirname, '../../runtime/main.ts')
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
const OPEN = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const CLOSE = '\u001b[?7h\u001b[?25h\u001b[?1049l'

let runtime: Runtime
beforeAll(async () => {
  runtime = createRuntime({ processes: Object.fromEntries(NAMES.map((name) => [name, { command: ['/bin/sh', '-c', 'echo run; exec sleep 1000'] }])) })
  await runtime.start().sees(/f +\| run/)
  await runtime.run(['wait'])
})
afterAll(() => runtime.dispose())

type Terminal = { readonly child: ChildProcess; readonly sees: (pattern: RegExp) => Promise<void>; readonly finished: Promise<string> }

/** Before and after it stands how the terminal is set. */
const openTerminal = (window: string, term = 'xterm'): Terminal => {
  const command = `stty ${window}; echo "<$(stty -g)>"; "${process.execPath}" "${MAIN}" top; echo "status $? <$(stty -g)>"`
  const env = { PATH: '/usr/bin:/bin', SHELL: '/bin/sh', TERM: term, ...runtime.environment }
  const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more
    child.emit('output')
  })
  const finished = once(child, 'close').then(() => text)
  const sees = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) await Promise.race([once(child, 'output'), finished.then(() => Promise.reject(new Error(`never seen: ${text}`)))])
  }
  return { child, sees, finished }
}

const expectRestored = (text: string): void => {
  const [before, after] = [...text.matchAll(/<([0-9a-f:]+)>/g)].map(([, settings]) => settings)
  expect(after).toBe(before)
  expect(after).toMatch(/:/)
}

test('draws the same page again, ends with q, and leaves the terminal as it was', async () => {
  const { child, sees, finished } = openTerminal('cols 100 rows 30')
  await sees(/(?:\(supervisor\)[^]*){2}/)
  child.stdin?.write('q')
  const text = await finished
  expect(text.split(OPEN).length).toBe(2)
  const [frame] = text.split(OPEN)[1]?.split('\u001b[J') ?? []
  expect(frame).toMatch(/^\u001b\[HNAME +PID[^\n]*\u001b\[K\r+\na +\d+ [^\n]*sleep 1000\u001b\[K\r+\n[^]*\(supervisor\)[^\n]*\u001b\[K$/)
  expect(text).toContain(`\u001b[J${CLOSE}status 0 `)
  expectRestored(text)
})

test('fits into a small window, and ends with Ctrl-C', async () => {
  const { child, sees, finished } = openTerminal('cols 10 rows 5')
  await sees(/\(4 more\)/)
  child.stdin?.write('\u0003')
  const text = await finished
  const rows = text.split(`${OPEN}\u001b[H`)[1]?.split('\u001b[J')[0]?.split('\n') ?? []
  expect(rows.map((row) => row.replaceAll(/\u001b\[K|\r/g, '').trim())).toEqual(['NAME', 'a', 'b', 'c', '(4 more)'])
  expect(text).toContain(`${CLOSE}status 130 `)
  expectRestored(text)
})

test('prints once where no page can be drawn', async () => {
  const dumb = openTerminal('cols 80 rows 24', 'dumb')
  const text = await dumb.finished
  expect(text).not.toContain('\u001b')
  expect(text).toMatch(/\(supervisor\)[^]*status 0 /)
  const { status, stdout } = await runtime.run(['top'], { TERM: 'xterm' })
  expect(stdout).toMatch(/^NAME [^]*\(supervisor\)[^\u001b]*$/)
  expect(status).toBe(0)
})

test('says on the page before it what has become of the bundle', async () => {
  const { sees, finished } = openTerminal('cols 80 rows 24')
  await sees(/\(supervisor\)/)
  await runtime.run(['down'])
  const text = await finished
  expect(text).toMatch(/\u001b\[\?1049ldemo: cannot [^]*\[NIXPACK_CONTROL_UNREACHABLE\][^]*status 1 /)
  expectRestored(text)
})

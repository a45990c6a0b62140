// fixtures/circus/circus.ini, written from circus' documentation: it runs as it is, brought to a bundle or made a part of one.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { createHost } from './daemon.ts'
import type { Daemon, Host } from './daemon.ts'
import { waitForPids, waitForText } from './expect.ts'

const INI = readFileSync(join(import.meta.dirname, '../../../fixtures/circus/circus.ini'), 'utf8')

test.concurrent.each([
  { how: 'brought to a bundle', start: ({ up, dir }: Host): Promise<Daemon> => up(INI, { environment: { LOGS: dir, MINE: 'copied' } }) },
  { how: 'in a bundle of its own', start: ({ start, dir }: Host): Promise<Daemon> => start('circus-example', { environment: { LOGS: dir, MINE: 'copied' } }) },
])('the example runs unchanged, $how', async ({ start }) => {
  const host = createHost()
  try {
    const daemon = await start(host)
    const [web = 0] = await waitForPids(daemon, 'web', 2)
    const [worker = 0] = await waitForPids(daemon, 'worker', 1)
    const log = await waitForText(join(host.dir, 'web.log'), /web 2(.|\n)*web 1|web 1(.|\n)*web 2/)
    for (const index of [1, 2]) {
      expect(log).toMatch(new RegExp(String.raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\d+\] \| web ${index} has descriptor 3, the cake is a lie$`, 'm'))
    }
    await daemon.sees(/worker says good morning everybody, its LANGUAGE is en/)
    expect(await waitForText(join(host.dir, 'worker.err'), /\n/)).toBe('and complains\n')
    expect(readFileSync(`/proc/${web}/limits`, 'utf8')).toMatch(/^Max open files\s+1024\s+1024\s/m)
    expect(readFileSync(`/proc/${web}/status`, 'utf8')).toMatch(/^Umask:\s+0002$/m)
    expect(readFileSync(`/proc/${worker}/environ`, 'latin1').split('\0')).toContain('MINE=copied')
    expect(readFileSync(`/proc/${web}/environ`, 'latin1')).not.toContain('MINE=')
    expect((statSync(join(host.dir, 'admin.sock')).mode & 0o777).toString(8)).toBe('700')
    expect(JSON.parse(await daemon.ctl('get', 'worker', 'flapping', '--json'))).toEqual({ flapping: { attempts: 3, window: '7s', retryIn: '3s', maxRetry: 2 } })
    const warnings = [...daemon.output().matchAll(/circus\.ini:\d+: "(\w+(?:\.\w+)?)" has no effect/g)].map(([, option]) => option)
    expect(warnings).toEqual(['endpoint', 'pubsub_endpoint', 'stats_endpoint', 'warmup_delay', 'stdout_stream.color'])
  } finally {
    await host.dispose()
  }
})

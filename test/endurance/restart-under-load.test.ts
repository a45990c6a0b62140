// A server behind a declared socket is restarted, and none of its clients notices.
import { expect, test } from 'vitest'

import { ROUTES } from '../../runtime/contract/control-routes.ts'
import type { BundleStatus } from '../../runtime/contract/control.ts'
import { callControl } from '../../runtime/control/client.ts'
import { freePort } from '../helpers/bundle-process.ts'
import { AMOUNTS, LONG_MS } from './amounts.ts'
import { createBundle } from './bundle.ts'
import { ask } from './request.ts'
import { programPath } from './setup.ts'

const CLIENTS = 16

test.each(['graceful', 'sequential', 'restart'] as const)(
  `${AMOUNTS.requests} requests during ${AMOUNTS.restarts} restarts (%s), none refused`,
  { timeout: LONG_MS },
  async (mode) => {
    const port = await freePort()
    await using bundle = await createBundle({
      sockets: { web: { tcp: `127.0.0.1:${port}` } },
      processes: { server: { command: [programPath('serves')], sockets: ['web'], numprocesses: 2, restart: 'always', gracefulTimeout: '5s' } },
    })
    const run = bundle.start()
    await run.until('it can be spoken to', () => callControl(bundle.control, ROUTES.status, {}).then(isReady, () => false))
    const servers = new Set<string>()
    const failures: string[] = []
    const load = { asked: 0, restartsLeft: AMOUNTS.restarts }
    // Requests go on as long as restarts do: all of these happen under load.
    const client = async (): Promise<void> => {
      while (load.asked < AMOUNTS.requests || load.restartsLeft > 0) {
        load.asked += 1
        await ask(port).then(
          (pid) => servers.add(pid),
          (error: unknown) => failures.push(String(error)),
        )
      }
    }
    const restarts = async (): Promise<void> => {
      for (; load.restartsLeft > 0; load.restartsLeft -= 1) {
        if (mode === 'restart') await callControl(bundle.control, ROUTES.restart, { processes: ['server'] })
        else await callControl(bundle.control, ROUTES.reload, { processes: ['server'], mode })
      }
    }
    // When a restart fails, clients are not waited for.
    await Promise.all([restarts(), ...Array.from({ length: CLIENTS }, client)]).finally(() => (load.restartsLeft = 0))
    console.log(`restart under load (${mode}): ${load.asked} requests, ${AMOUNTS.restarts} restarts, ${servers.size} servers, ${failures.length} failures`)
    expect(failures).toEqual([])
    expect(load.asked).toBeGreaterThanOrEqual(AMOUNTS.requests)
    // Others have answered after each restart.
    expect(servers.size).toBeGreaterThan(AMOUNTS.restarts)
    run.signal('SIGTERM')
    expect(await run.ended).toBe(0)
  },
)

const isReady = ({ processes }: BundleStatus): boolean => processes.every(({ state }) => state === 'ready')

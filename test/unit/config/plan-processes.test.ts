import { expect, test } from 'vitest'
import { planProcesses } from '../../../runtime/config/plan-processes.ts'
import { resolveRunPaths } from '../../../runtime/contract/directories.ts'
import { createManifest } from '../../helpers/manifest.ts'

test('a duration longer than a timer of Node can be is as long as one can be', () => {
  const manifest = createManifest({ processes: { a: { command: ['/bin/true'], gracefulTimeout: '40d', ready: { tcp: ':1', timeout: '30d' } } } })
  const context = { variables: new Map(), paths: resolveRunPaths('/r', 'demo', 'default'), environment: {}, workingDir: '/' }
  expect(planProcesses(manifest, context)).toMatchObject([{ gracefulTimeoutMs: 2_147_483_647, ready: { timeoutMs: 2_147_483_647 } }])
})

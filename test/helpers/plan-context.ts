// What a plan is made from, on a host that is the same everywhere.
import type { HostFacts } from '../../runtime/config/host-facts.ts'
import { parseAccounts } from '../../runtime/config/accounts.ts'
import { planBundle } from '../../runtime/config/plan-bundle.ts'
import type { PlanContext } from '../../runtime/config/plan-context.ts'
import { renderFiles } from '../../runtime/config/render-files.ts'
import { resolveVariables } from '../../runtime/config/variables.ts'
import { resolveDirectories, resolveRunPaths } from '../../runtime/contract/directories.ts'
import type { Manifest } from '../../runtime/contract/manifest.ts'
import type { InstanceSpec, Plan } from '../../runtime/contract/process-spec.ts'
import { createManifest } from './manifest.ts'

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/var/www:\nme:x:7:7::/home/me:/bin/sh\n'
const GROUP = 'root:x:0:\nwww:x:33:\nadm:x:4:www,other\nssl:x:105:www\n'

export const HOST: HostFacts = {
  gid: 7,
  accounts: () => parseAccounts(PASSWD, GROUP),
  memoryTotalBytes: () => 1000,
  isFile: (path) => path === '/usr/bin/known',
}

export const PATHS = resolveRunPaths('/r', 'demo', 'default')

export type PlannedWith = { readonly environment?: Readonly<Record<string, string>>; readonly uid?: number; readonly host?: HostFacts }

export const createPlanContext = (manifest: Manifest, { environment = {}, uid = 7, host = HOST }: PlannedWith = {}): PlanContext => {
  const workingDir = '/w'
  const directories = resolveDirectories({ environment: { HOME: '/home/me' }, uid: 7, workingDir, bundle: 'demo', instance: 'default', chosen: {} })
  const { variables } = resolveVariables({ manifest, environment, workingDir })
  const values = { variables, paths: PATHS, directories, workingDir }
  return { ...values, environment, uid, host, files: renderFiles(manifest, values).files }
}

export const planParts = (parts: Readonly<Record<string, unknown>>, given: PlannedWith = {}): Plan => {
  const manifest = createManifest(parts)
  return planBundle(manifest, createPlanContext(manifest, given))
}

/** The first instance of the first process, before any socket is bound. */
export const planFirst = (parts: Readonly<Record<string, unknown>>, given: PlannedWith = {}): InstanceSpec => {
  const [spec] = planParts(parts, given).processes
  if (spec === undefined) throw new Error('no process')
  return spec.planInstance({ index: 1, socketAddresses: new Map() })
}

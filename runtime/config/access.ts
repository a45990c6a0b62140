// Processes that run as other users than we do, and what they must reach: who gets which file and directory. Only root
// can start such processes, so nothing of this happens elsewhere.

import { collectStrings } from '../contract/collect-strings.ts'
import type { Directories, RunPaths } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Manifest } from '../contract/manifest.ts'
import { DIRECTORY_NAMES, parseReferences } from '../contract/placeholder.ts'
import type { Identity, Plan } from '../contract/process-spec.ts'
import { resolveDirectoryPath } from './substitute.ts'

export type Grant = {
  readonly path: string
  readonly isDirectory: boolean
  readonly uid: number
  readonly gid: number
  /** Several users, who have this group in common. */
  readonly isShared: boolean
}

type AccessRequest = { readonly manifest: Manifest; readonly plan: Plan; readonly paths: RunPaths; readonly directories: Directories }

/** What one user alone refers to becomes that user's; several need a group in common. Throws ENV_INVALID. */
export const planAccess = (request: AccessRequest): readonly Grant[] => {
  const { processes, tasks } = request.manifest
  if ([...Object.values(processes), ...Object.values(tasks)].every(({ user }) => user === undefined)) return []
  const users = findUsers(request)
  if (users.length === 0) return []
  return listTargets(request).flatMap(({ subject, name, path }) => {
    const wanting = users.filter(({ references }) => references.has(`${subject}.${name}`)).map(({ identity }) => identity)
    return planGrant(`${subject}.${name}`, path, wanting)
  })
}

type User = { readonly identity: Identity; readonly references: ReadonlySet<string> }

/** Every process or task with an identity of its own that is not root's. */
const findUsers = ({ manifest, plan }: AccessRequest): readonly User[] => {
  const context = { index: 1, socketAddresses: new Map() }
  const runs = [
    ...plan.processes.map((spec) => ({ declaration: manifest.processes[spec.name], run: spec.planInstance(context).run })),
    ...plan.tasks.map((spec) => ({ declaration: manifest.tasks[spec.name], run: spec.planRun(context) })),
  ]
  return runs.flatMap(({ declaration, run: { identity } }) =>
    identity === undefined || identity.uid === 0 ? [] : [{ identity, references: findReferences(manifest, declaration) }],
  )
}

/** Of a declaration and of the files that it refers to: whoever reads those goes on to what they name. */
const findReferences = (manifest: Manifest, declaration: unknown): ReadonlySet<string> => {
  const found = new Set<string>()
  const follow = (value: unknown): void => {
    for (const { subject, name } of collectStrings(value).flatMap(parseReferences)) {
      if (found.has(`${subject}.${name}`)) continue
      found.add(`${subject}.${name}`)
      if (subject === 'file') follow(manifest.files[name])
    }
  }
  follow(declaration)
  return found
}

type Target = { readonly subject: 'file' | 'dir'; readonly name: string; readonly path: string }

const listTargets = ({ manifest, paths, directories }: AccessRequest): readonly Target[] => [
  ...Object.keys(manifest.files).map((name): Target => ({ subject: 'file', name, path: `${paths.filesDir}/${name}` })),
  ...DIRECTORY_NAMES.map((name): Target => ({ subject: 'dir', name, path: resolveDirectoryPath(name, { paths, directories }) })),
]

const planGrant = (target: string, path: string, wanting: readonly Identity[]): readonly Grant[] => {
  const [first, ...others] = wanting
  if (first === undefined) return []
  const common = { path, isDirectory: target.startsWith('dir.') }
  if (others.every(({ uid }) => uid === first.uid)) return [{ ...common, uid: first.uid, gid: first.gid, isShared: false }]
  const gid = first.groups.find((group) => others.every(({ groups }) => groups.includes(group)))
  if (gid !== undefined) return [{ ...common, uid: 0, gid, isShared: true }]
  const uids = [...new Set(wanting.map(({ uid }) => uid))].join(' and ')
  throw new NixpackError('ENV_INVALID', `cannot share ${target} between the users ${uids}: they have no group in common`, {
    hint: 'declare a group for them in "groups", or a file or directory for each',
  })
}

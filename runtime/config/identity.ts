// Declared user, group and groups -> the numbers to run as, with initgroups' semantics.

import { NixpackError } from '../contract/errors.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import type { Identity } from '../contract/process-spec.ts'
import type { Accounts, User } from './accounts.ts'

export type IdentityRequest = {
  /** As messages name it. */
  readonly subject: string
  readonly user: string | undefined
  readonly group: string | undefined
  readonly groups: readonly string[] | undefined
}

export type ResolvedIdentity = {
  /** Undefined: ours. */
  readonly identity: Identity | undefined
  /** What another user's environment says about that user; undefined when the user is not another one. */
  readonly environment: Readonly<Record<string, string>> | undefined
}

type Ourselves = { readonly uid: number; readonly gid: number; readonly accounts: () => Accounts }

/** Throws ENV_INVALID when the host has no such user, or when we may not become it. */
export const resolveIdentity = (request: IdentityRequest, ourselves: Ourselves): ResolvedIdentity => {
  if (request.user === undefined && request.group === undefined && request.groups === undefined) return { identity: undefined, environment: undefined }
  const accounts = ourselves.accounts()
  const user = resolveUser(request, ourselves.uid, accounts)
  const gid = request.group === undefined ? primaryGroup(request, user, ourselves) : findGroup(request, request.group, accounts)
  if (ourselves.uid !== 0) {
    assertOurs({ request, uid: user.uid, gid }, ourselves)
    return { identity: undefined, environment: undefined }
  }
  const groups = request.groups?.map((group) => findGroup(request, group, accounts)) ?? initGroups(user.entry, gid, accounts)
  return { identity: { uid: user.uid, gid, groups }, environment: user.uid === 0 ? undefined : renderUserEnvironment(user.entry) }
}

type Wanted = { readonly request: IdentityRequest; readonly uid: number; readonly gid: number }

const assertOurs = ({ request, uid, gid }: Wanted, ourselves: Ourselves): void => {
  if (uid === ourselves.uid && gid === ourselves.gid && request.groups === undefined) return
  const reason = `we run as user ${ourselves.uid}, and only root can change to another`
  throw refuse(request, reason, 'start the bundle as root, or declare no user and groups')
}

type FoundUser = { readonly uid: number; readonly entry: User | undefined }

const resolveUser = (request: IdentityRequest, ownUid: number, { users }: Accounts): FoundUser => {
  const { user } = request
  if (user === undefined) return { uid: ownUid, entry: users.find(({ uid }) => uid === ownUid) }
  const named = users.find(({ name }) => name === user)
  if (named !== undefined) return { uid: named.uid, entry: named }
  const number = parseId(user)
  if (number !== undefined) return { uid: number, entry: users.find(({ uid }) => uid === number) }
  const names = users.map(({ name }) => name)
  throw refuse(request, `there is no user "${user}" in /etc/passwd${renderSuggestion(user, names)}`)
}

const primaryGroup = (request: IdentityRequest, { uid, entry }: FoundUser, ourselves: Ourselves): number => {
  if (uid === ourselves.uid) return ourselves.gid
  if (entry !== undefined) return entry.gid
  throw refuse(request, `user ${uid} is not in /etc/passwd`, 'say its group')
}

const findGroup = (request: IdentityRequest, wanted: string, { groups }: Accounts): number => {
  const gid = groups.find(({ name }) => name === wanted)?.gid ?? parseId(wanted)
  if (gid !== undefined) return gid
  const names = groups.map(({ name }) => name)
  throw refuse(request, `there is no group "${wanted}" in /etc/group${renderSuggestion(wanted, names)}`)
}

/** The greatest id means "no change" to the kernel. */
const parseId = (text: string): number | undefined => (/^\d{1,10}$/.test(text) && Number(text) < 0xffff_ffff ? Number(text) : undefined)

const initGroups = (user: User | undefined, gid: number, { groups }: Accounts): readonly number[] => {
  const joined = user === undefined ? [] : groups.filter(({ members }) => members.includes(user.name))
  return [...new Set([gid, ...joined.map((group) => group.gid)])]
}

const renderUserEnvironment = (user: User | undefined): Readonly<Record<string, string>> => {
  if (user === undefined) return { HOME: '/' }
  return { HOME: user.home || '/', USER: user.name, LOGNAME: user.name, SHELL: user.shell || '/bin/sh' }
}

const refuse = ({ subject, user, group }: IdentityRequest, reason: string, hint?: string): NixpackError => {
  const who = [user === undefined ? '' : ` as user "${user}"`, group === undefined ? '' : ` in group "${group}"`].join('')
  return new NixpackError('ENV_INVALID', `cannot run "${subject}"${who}: ${reason}`, hint === undefined ? {} : { hint })
}

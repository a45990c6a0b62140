// Users and groups of the host, from /etc/passwd and /etc/group alone: a static program has no NSS, and the same file
// must mean the same everywhere.

import { readFileSync } from 'node:fs'

export type User = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string; readonly shell: string }
export type Group = { readonly name: string; readonly gid: number; readonly members: readonly string[] }
export type Accounts = { readonly users: readonly User[]; readonly groups: readonly Group[] }

/** Hosts without these files, such as minimal containers, have no accounts. */
export const readAccounts = (): Accounts => parseAccounts(readOrEmpty('/etc/passwd'), readOrEmpty('/etc/group'))

/** Lines that are not in the form are passed over, as in getpwnam(3). */
export const parseAccounts = (passwd: string, group: string): Accounts => ({
  users: passwd.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = '', , home = '', shell = ''] = line.split(':')
    return name === '' || !isNumber(uid) || !isNumber(gid) ? [] : [{ name, uid: Number(uid), gid: Number(gid), home, shell }]
  }),
  groups: group.split('\n').flatMap((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':')
    return name === '' || !isNumber(gid) ? [] : [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }]
  }),
})

const isNumber = (text: string): boolean => /^\d{1,10}$/.test(text)

const readOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Missing or closed to us: then nobody can be found there.
    return ''
  }
}

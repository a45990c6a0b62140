import { expect, test } from 'vitest'
import { parseAccounts } from '../../../runtime/config/accounts.ts'
import { resolveIdentity } from '../../../runtime/config/identity.ts'
import type { IdentityRequest } from '../../../runtime/config/identity.ts'

const ACCOUNTS = parseAccounts(
  'root:x:0:0:root:/root:/bin/bash\nwww:x:33:34:web:/var/www:\nme:x:7:8::/home/me:/bin/sh\n',
  'root:x:0:\nwww:x:34:\nadm:x:4:www,me\nssl:x:105:www\nempty:x:9\n',
)

const resolve = (request: Partial<IdentityRequest>, ...[uid = 0, gid = 0]: readonly [number?, number?]) =>
  resolveIdentity({ subject: 'web', user: undefined, group: undefined, groups: undefined, ...request }, { uid, gid, accounts: () => ACCOUNTS })

test('nothing declared is nothing changed', () => {
  expect(resolve({})).toEqual({ identity: undefined, environment: undefined })
})

test('a user brings its group, its supplementary groups and its environment', () => {
  expect(resolve({ user: 'www' })).toEqual({
    identity: { uid: 33, gid: 34, groups: [34, 4, 105] },
    environment: { HOME: '/var/www', USER: 'www', LOGNAME: 'www', SHELL: '/bin/sh' },
  })
  expect(resolve({ user: '33' })).toEqual(resolve({ user: 'www' }))
})

test('a declared group takes the place of the primary one, declared groups that of the supplementary ones', () => {
  expect(resolve({ user: 'www', group: 'adm' }).identity).toEqual({ uid: 33, gid: 4, groups: [4, 105] })
  expect(resolve({ user: 'www', groups: ['ssl', '77'] }).identity).toEqual({ uid: 33, gid: 34, groups: [105, 77] })
  expect(resolve({ user: 'www', groups: [] }).identity).toEqual({ uid: 33, gid: 34, groups: [] })
})

test('a group alone keeps the user', () => {
  expect(resolve({ group: 'www' })).toEqual({ identity: { uid: 0, gid: 34, groups: [34] }, environment: undefined })
})

test('a number that nobody has is a user without a home', () => {
  expect(resolve({ user: '5000', group: '5000' })).toEqual({ identity: { uid: 5000, gid: 5000, groups: [5000] }, environment: { HOME: '/' } })
})

test.each<[Partial<IdentityRequest>, string]>([
  [{ user: 'wwww' }, 'cannot run "web" as user "wwww": there is no user "wwww" in /etc/passwd, did you mean "www"?'],
  [{ user: 'www', group: 'sll' }, 'cannot run "web" as user "www" in group "sll": there is no group "sll" in /etc/group, did you mean "ssl"?'],
  [{ user: '5000' }, 'user 5000 is not in /etc/passwd'],
  [{ user: '4294967295', group: '0' }, 'there is no user "4294967295"'],
  [{ groups: ['nobody-knows'] }, 'there is no group "nobody-knows" in /etc/group'],
  [{ user: '' }, 'there is no user ""'],
])('%j: %s', (request, problem) => {
  expect(() => resolve(request)).toThrow(problem)
})

test('without root only our own user and group can be had', () => {
  expect(resolve({ user: 'me', group: '8' }, 7, 8)).toEqual({ identity: undefined, environment: undefined })
  expect(() => resolve({ user: 'www' }, 7, 8)).toThrow('cannot run "web" as user "www": we run as user 7, and only root can change to another')
  expect(() => resolve({ user: 'root' }, 7, 8)).toThrow('only root')
  expect(() => resolve({ group: 'adm' }, 7, 8)).toThrow('only root')
  expect(() => resolve({ groups: ['adm'] }, 7, 8)).toThrow('only root')
})

test('lines of another form are passed over', () => {
  const accounts = parseAccounts('# comment\n\nbroken\nx:x:notanumber:0::/:\n:x:1:1::/:\n+@nis\nok:x:1:2::/home:/bin/sh', 'g:x:\n:x:3:\nok:x:3:a,,b\n')
  expect(accounts).toEqual({ users: [{ name: 'ok', uid: 1, gid: 2, home: '/home', shell: '/bin/sh' }], groups: [{ name: 'ok', gid: 3, members: ['a', 'b'] }] })
})

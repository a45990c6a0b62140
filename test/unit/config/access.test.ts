import { expect, test } from 'vitest'
import { planAccess } from '../../../runtime/config/access.ts'
import { parseAccounts } from '../../../runtime/config/accounts.ts'
import { planBundle } from '../../../runtime/config/plan-bundle.ts'
import { createManifest } from '../../helpers/manifest.ts'
import { createPlanContext, HOST } from '../../helpers/plan-context.ts'

const ACCOUNTS = parseAccounts('www:x:33:33::/:\nphp:x:34:34::/:\nroot:x:0:0::/:\n', 'www:x:33:\nphp:x:34:\nweb:x:9:www,php\n')
const FILES = { conf: { text: '@{nixpack:dir.spool} @{nixpack:file.inner}' }, inner: { text: '' }, other: { text: '' } }

const grantsOf = (processes: Readonly<Record<string, object>>, uid = 0) => {
  const withCommand = Object.entries(processes).map(([name, declaration]) => [name, { command: ['x'], ...declaration }])
  const manifest = createManifest({ files: FILES, processes: Object.fromEntries(withCommand) })
  const context = createPlanContext(manifest, { uid, host: { ...HOST, gid: 0, accounts: () => ACCOUNTS } })
  return planAccess({ manifest, plan: planBundle(manifest, context), ...context }).map(({ path, ...grant }) => ({
    path: path.split('/').slice(-2).join('/'),
    ...grant,
  }))
}

test('what one user refers to, also through files, is given to that user', () => {
  expect(
    grantsOf({ a: { user: 'www', command: ['x', '@{nixpack:file.conf}'] }, b: { command: ['x', '@{nixpack:file.other}', '@{nixpack:dir.log}'] } }),
  ).toEqual([
    { path: 'run/conf', isDirectory: false, uid: 33, gid: 33, isShared: false },
    { path: 'run/inner', isDirectory: false, uid: 33, gid: 33, isShared: false },
    { path: 'default/spool', isDirectory: true, uid: 33, gid: 33, isShared: false },
  ])
})

test('what several refer to belongs to a group that they have in common', () => {
  const command = ['x', '@{nixpack:dir.run}']
  expect(grantsOf({ a: { user: 'www', command }, b: { user: 'php', command } })).toEqual([
    { path: 'default/run', isDirectory: true, uid: 0, gid: 9, isShared: true },
  ])
})

test('without such a group it is refused', () => {
  const command = ['x', '@{nixpack:dir.run}']
  expect(() => grantsOf({ a: { user: 'www', command, groups: [] }, b: { user: 'php', command } })).toThrow(
    'cannot share dir.run between the users 33 and 34: they have no group in common',
  )
})

test('where everything runs as ourselves nothing is given', () => {
  expect(grantsOf({ a: { command: ['x', '@{nixpack:file.conf}'] }, b: { user: 'root', command: ['x', '@{nixpack:dir.run}'] } })).toEqual([])
})

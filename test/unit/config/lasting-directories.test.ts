import { expect, test } from 'vitest'
import { findUsedDirectories } from '../../../runtime/config/lasting-directories.ts'
import { createManifest } from '../../helpers/manifest.ts'

const usedBy = (parts: Readonly<Record<string, unknown>>): readonly string[] => [...findUsedDirectories(createManifest(parts))]
const process = (declaration: object) => ({ processes: { p: { command: ['x'], ...declaration } } })

test.each([
  [process({}), []],
  [process({ command: ['x', '@{nixpack:dir.run}', '@{nixpack:dir.tmp}'] }), []],
  [process({ environment: { A: '@{nixpack:dir.cache}/x' } }), ['cache']],
  [process({ hooks: { beforeStart: { command: ['x', '@{nixpack:dir.lib}'] } } }), ['lib']],
  [process({ stdout: { file: 'x.log' } }), ['log']],
  [process({ stdout: { file: '/x.log' }, stderr: { file: '@{nixpack:dir.spool}/x.log' } }), ['spool']],
  [{ files: { f: { format: 'json', value: { '@{nixpack:dir.lock}': 1 } } } }, ['lock']],
  [{ sockets: { s: { unix: '@{nixpack:dir.state}/s' } } }, ['state']],
  [{ tasks: { t: { command: ['x', '@{nixpack:dir.state}'] } } }, ['state']],
])('%j uses %j', (parts, used) => {
  expect(usedBy(parts)).toEqual(used)
})

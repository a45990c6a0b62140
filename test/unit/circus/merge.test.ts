import { expect, test } from 'vitest'

import { mergeCircus } from '../../../runtime/circus/merge.ts'
import type { CircusImport } from '../../../runtime/circus/read-circus-file.ts'
import { createManifest } from '../../helpers/manifest.ts'

const manifest = createManifest({ processes: { web: { command: ['/bin/web'] } }, sockets: { http: { tcp: '127.0.0.1:0' } } })

const importOf = (declarations: CircusImport['declarations']): CircusImport => ({ path: '/x/circus.ini', files: ['/x/circus.ini'], declarations, warnings: [] })

test('what a circus.ini declares is added, with the defaults of the manifest', () => {
  const merged = mergeCircus(manifest, importOf({ processes: { worker: { command: ['/bin/worker'], essential: false } }, pidFile: '/run/x.pid' }))
  expect(Object.keys(merged.processes)).toEqual(['web', 'worker'])
  expect(merged.processes['worker']).toMatchObject({ essential: false, numprocesses: 1, stopSignal: 'SIGTERM' })
  expect(merged.pidFile).toBe('/run/x.pid')
  expect(merged.sockets).toEqual(manifest.sockets)
})

test.each([
  [{ processes: { WEB: { command: ['a'] } } }, '[watcher:WEB]: the bundle itself declares "web"'],
  [{ sockets: { http: { tcp: 'localhost:1' } } }, '[socket:http]: the bundle itself declares "http"'],
  [{ processes: { a: { command: ['a'], numprocesses: 5000 } } }, 'processes.a.numprocesses: expected at most 1000'],
  [{ processes: { a: { command: ['a'], environment: { ['__proto__']: 'x' } } } }, 'processes.a.environment.__proto__: nothing can be called "__proto__"'],
  [{ processes: { a: { command: ['a', '@{nixpack:env.NONE}'] } } }, 'unknown variable "NONE"'],
])('%j is refused', (declarations, problem) => {
  expect(() => mergeCircus(manifest, importOf(declarations))).toThrow(
    expect.objectContaining({ code: 'CIRCUS_INVALID', message: expect.stringContaining(problem) }),
  )
})

test('names that a manifest takes from its circus.ini must be there', () => {
  const manifest = createManifest({ circusIni: '/a.ini', processes: { web: { command: ['x'], dependsOn: { worker: 'started' }, sockets: ['front'] } } })
  const declarations = { processes: { worker: { command: ['/bin/worker'] } }, sockets: { front: { tcp: ':80' } } }
  expect(mergeCircus(manifest, importOf(declarations)).processes['web']?.dependsOn).toEqual({ worker: 'started' })
  expect(() => mergeCircus(manifest, importOf({}))).toThrow(/unknown process "worker"[^]*unknown socket "front"/)
})

import { expect, test } from 'vitest'
import { substitute } from '../../../runtime/config/substitute.ts'
import { createManifest } from '../../helpers/manifest.ts'
import { createPlanContext } from '../../helpers/plan-context.ts'

const ENV = {
  PORT: { type: 'port', default: 8000 },
  COUNT: { type: 'integer', default: 70_000 },
  ADDRESS: { type: 'address', default: 'localhost:9000' },
  UNSET: { type: 'port' },
}
const CONTEXT = {
  ...createPlanContext(createManifest({ env: ENV })),
  socketAddresses: new Map([
    ['web', { host: '127.0.0.1', port: 80 }],
    ['path', { path: '/s' }],
  ]),
}

const inInstance = (index: number, body: string): string =>
  substitute(`@{nixpack:${body}}`, { ...CONTEXT, processInstance: { name: 'web', index, sockets: ['path', 'web'] } })

test.each([
  ['process.index', '3'],
  ['process.name', 'web'],
  ['env.PORT|offset', '8002'],
  ['env.COUNT|offset', '70002'],
  ['env.ADDRESS.port|offset', '9002'],
  ['env.UNSET|offset', ''],
  ['socket.web.fd', '4'],
  ['socket.path.fd', '3'],
  ['socket.web.host', '127.0.0.1'],
  ['socket.web.port', '80'],
  ['socket.path.path|shell', "'/s'"],
  ['dir.run', '/r/demo/default/run'],
  ['dir.tmp', '/r/demo/default/run/tmp'],
  ['dir.state', '/home/me/.local/state/nixpack/demo/default'],
  ['dir.log', '/home/me/.local/state/nixpack/demo/default/log'],
])('%s of the third instance is %j', (body, text) => {
  expect(inInstance(3, body)).toBe(text)
})

test('the last port is the last', () => {
  expect(inInstance(57_536, 'env.PORT|offset')).toBe('65535')
  expect(() => inInstance(57_537, 'env.PORT|offset')).toThrow('cannot use port 8000 of PORT for instance 57537 of "web": it would be 65536')
})

import { expect, test } from 'vitest'
import { isLiteral, parseReferences, parseTemplate } from '../../../runtime/contract/placeholder.ts'

test.each([
  ['env.A', { subject: 'env', name: 'A' }],
  ['env.A.host|json', { subject: 'env', name: 'A', field: 'host', filter: 'json' }],
  ['env.A|offset', { subject: 'env', name: 'A', filter: 'offset' }],
  ['file.a.conf|shell', { subject: 'file', name: 'a.conf', filter: 'shell' }],
  ['dir.state', { subject: 'dir', name: 'state' }],
  ['process.index', { subject: 'process', name: 'index' }],
  ['socket.web.fd', { subject: 'socket', name: 'web', field: 'fd' }],
  ['socket.web.http.port|quote', { subject: 'socket', name: 'web.http', field: 'port', filter: 'quote' }],
])('%s', (body, reference) => {
  expect(parseReferences(`a @{nixpack:${body}} b`)).toEqual([reference])
})

test.each(['env', 'env.', 'env.A.fd', 'env.A.host.x', 'socket.web', 'socket.web.prot', 'socket..fd', 'soket.a.fd', 'env.A|offsett', 'env.A|quote|json', ''])(
  '%j is malformed',
  (body) => {
    expect(parseTemplate(`@{nixpack:${body}}`)).toEqual([{ kind: 'malformed', source: `@{nixpack:${body}}` }])
  },
)

test('what has no placeholder says the same everywhere', () => {
  expect(['', 'a {b} $c @{other:x}', '@{nixpack:x', 'a @{nixpack:dir.run}'].map(isLiteral)).toEqual([true, true, false, false])
})

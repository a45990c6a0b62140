import { expect, test } from 'vitest'
import { createMask } from '../../../runtime/commands/mask.ts'
import type { Variable } from '../../../runtime/config/variables.ts'
import { parseManifest } from '../../../runtime/contract/manifest.ts'

const { env } = parseManifest(JSON.stringify({ version: 1, name: 'demo', env: { KEY: { type: 'secret' }, PLAIN: { type: 'string' } } }), 'test')

const createVariable = (name: 'KEY' | 'PLAIN', text: string): Variable => {
  const declaration = env[name]
  if (declaration === undefined) throw new Error(`no variable ${name}`)
  return { name, declaration, source: 'environment', text, json: text }
}

test.each([
  ['hunter22', 'redis://:hunter22@host', 'redis://:********@host'],
  ['a"b\\c\'d', JSON.stringify({ password: 'a"b\\c\'d' }), '{"password":"********"}'],
  ['p&q r=', 'http://x/?p=p%26q%20r%3D', 'http://x/?p=********'],
  ['abc', 'abc', '********'],
  ['abc', 'the abc of it', 'the abc of it'],
  ['', '', ''],
])('the secret %j is not in %j', (secret, text, shown) => {
  expect(createMask([createVariable('KEY', secret)])(text)).toBe(shown)
})

test('what is no secret is shown', () => {
  expect(createMask([createVariable('PLAIN', 'hunter22')])('hunter22')).toBe('hunter22')
})

test('variables of such names are hidden whoever has declared them', () => {
  const mask = createMask([])
  expect(['GITHUB_TOKEN', 'db_password', 'API_KEY', 'PATH', 'KEYBOARD'].map((name) => mask('value', name))).toEqual([
    '********',
    '********',
    '********',
    'value',
    'value',
  ])
})

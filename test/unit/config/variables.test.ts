import { expect, test } from 'vitest'
import { pickCleanEnvironment, resolveUserEnvironment } from '../../../runtime/config/user-environment.ts'
import { resolveVariables } from '../../../runtime/config/variables.ts'
import { createManifest } from '../../helpers/manifest.ts'

const manifest = createManifest({
  env: {
    MARKOV_LISTEN_ADDR: { type: 'address', default: 'localhost:8000', description: 'Address to listen on' },
    MARKOV_TIMEOUT: { type: 'integer', default: 720, min: 1 },
    MARKOV_DATA_DIR: { type: 'directory', default: '.' },
    MARKOV_TOKEN: { type: 'secret', min: undefined },
    MARKOV_KEY: { type: 'string', required: true, description: 'Key of the API' },
  },
})

const resolve = (environment: Readonly<Record<string, string>>) =>
  resolveVariables({ manifest, environment: { MARKOV_KEY: 'k', ...environment }, workingDir: '/work dir' })

test('defaults apply, also to empty values, and paths become absolute', () => {
  const { variables, problems } = resolve({ MARKOV_TIMEOUT: '' })
  expect(problems).toEqual([])
  expect(variables.get('MARKOV_TIMEOUT')).toMatchObject({ json: 720, source: 'default' })
  expect(variables.get('MARKOV_DATA_DIR')).toMatchObject({ text: '/work dir' })
  expect(variables.get('MARKOV_TOKEN')).toMatchObject({ text: '', source: 'unset' })
})

test('every problem is reported, with what is expected and what was given', () => {
  const environment = { MARKOV_LISTEN_ADDR: 'nonsense', MARKOV_TIMEOUT: '-1', MARKOV_KEY: '' }
  expect(resolve(environment).problems).toEqual([
    'MARKOV_LISTEN_ADDR: expected an address such as localhost:8000, [::1]:8000 or :8000, got "nonsense"',
    'MARKOV_TIMEOUT: expected a whole number not below 1, got "-1"',
    'MARKOV_KEY is not set (Key of the API)',
  ])
})

test('the value of a secret is never shown', () => {
  const { problems } = resolve({ MARKOV_TOKEN: 'hush\0hush' })
  expect(problems).toEqual(['MARKOV_TOKEN: expected text without NUL bytes, got a value that is not shown'])
})

test('a misspelt name is pointed out, unless the right one is set too', () => {
  expect(resolve({ MARKOV_LISTEN_ADR: ':1' }).warnings).toEqual(['MARKOV_LISTEN_ADR is set but not declared: did you mean MARKOV_LISTEN_ADDR?'])
  expect(resolve({ MARKOV_LISTEN_ADR: ':1', MARKOV_LISTEN_ADDR: ':2' }).warnings).toEqual([])
  expect(resolve({ markov_timeout: '1' }).warnings).toHaveLength(1)
  expect(resolve({ HOME: '/root', PATH: '/bin', MARKOV_OTHER: 'x' }).warnings).toEqual([])
})

test('the environment is what it was before the launcher changed it', () => {
  expect(
    resolveUserEnvironment({
      A: '1',
      NIXPACK_ENV_NODE_OPTIONS: '--x',
      NIXPACK_ENV_NIXPACK_ENV_X: 'gone',
      NIXPACK_RUNTIME: '/nix/store/x',
      NIXPACK_RUN_DIR: '/r',
    }),
  ).toEqual({ A: '1', NODE_OPTIONS: '--x', NIXPACK_RUN_DIR: '/r' })
})

test('processes get a clean environment', () => {
  expect(pickCleanEnvironment({ PATH: '/bin', LC_ALL: 'C', LD_PRELOAD: 'x', SECRET: 'y' })).toEqual({ PATH: '/bin', LC_ALL: 'C' })
})

test('a variable may have the name of something that every object has', () => {
  const odd = createManifest({ env: { constructor: { type: 'port' }, toString: { type: 'string', default: 'x' } } })
  const { variables, problems } = resolveVariables({ manifest: odd, environment: {}, workingDir: '/' })
  expect([problems, variables.get('constructor')?.source, variables.get('toString')?.text]).toEqual([[], 'unset', 'x'])
})

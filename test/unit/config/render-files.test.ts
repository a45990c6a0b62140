import { expect, test } from 'vitest'
import { planProcesses } from '../../../runtime/config/plan-processes.ts'
import { renderFiles } from '../../../runtime/config/render-files.ts'
import { resolveVariables } from '../../../runtime/config/variables.ts'
import { resolveRunPaths } from '../../../runtime/contract/directories.ts'
import { createManifest } from '../../helpers/manifest.ts'

const PATHS = resolveRunPaths('/r', 'demo', 'default')
const ENV = { VALUE: { type: 'string', default: 'v' }, PORT: { type: 'port', default: 80 }, ADDRESS: { type: 'address', default: '[::1]:90' } }

const renderOne = (file: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) => {
  const manifest = createManifest({ env: ENV, files: { f: file } })
  const { variables } = resolveVariables({ manifest, environment, workingDir: '/w' })
  const { files, problems } = renderFiles(manifest, { variables, paths: PATHS })
  return { text: files[0]?.text, mode: files[0]?.mode, problems }
}

test('placeholders become values, halves of addresses and paths', () => {
  const text = '@{nixpack:env.PORT} @{nixpack:env.ADDRESS.host} @{nixpack:env.ADDRESS.port} @{nixpack:file.f} @{nixpack:dir.run} @{nixpack:dir.tmp}'
  expect(renderOne({ text })).toEqual({
    text: '80 ::1 90 /r/demo/default/run/f /r/demo/default/run /r/demo/default/run/tmp',
    mode: 0o600,
    problems: [],
  })
})

const NASTY = 'a "b" \\ \'c\' \n$x `y` #\t\u0001é'

test('filters make any value safe', () => {
  const text = '@{nixpack:env.VALUE|quote}\n@{nixpack:env.VALUE|json}\n@{nixpack:env.VALUE|shell}'
  expect(renderOne({ text }, { VALUE: NASTY })).toMatchObject({
    text: `"a \\"b\\" \\\\ 'c' \\n$x \`y\` #\\t\\x01é"\n${JSON.stringify(NASTY)}\n'a "b" \\ '\\''c'\\'' \n$x \`y\` #\t\u0001é'`,
    problems: [],
  })
})

test.each(['\n', '"', "'", '\\', '`', '$', '#', '\t', '\u007f'])('an unfiltered value with %j is refused, by name', (character) => {
  const { problems } = renderOne({ text: 'dir "@{nixpack:env.VALUE}"' }, { VALUE: `a${character}b` })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^VALUE: .* cannot stand in "f": it holds /)
})

test('white space is accepted between double quotes only', () => {
  expect(renderOne({ text: 'x "y"\ndir "@{nixpack:env.VALUE}"' }, { VALUE: 'a b' }).problems).toEqual([])
  expect(renderOne({ text: 'x "\ndir @{nixpack:env.VALUE} ""' }, { VALUE: 'a b' }).problems).toEqual(['VALUE: "a b" cannot stand in "f": it holds a space'])
})

test.each([';', '{', '}'])('%j, which ends a statement in many languages, is accepted between double quotes only', (character) => {
  expect(renderOne({ text: 'dir "@{nixpack:env.VALUE}"' }, { VALUE: `a${character}b` }).problems).toEqual([])
  expect(renderOne({ text: 'dir @{nixpack:env.VALUE}' }, { VALUE: `a${character}b` }).problems).toHaveLength(1)
})

const VALUE = { port: '@{nixpack:env.PORT}', text: 'p=@{nixpack:env.PORT}', deep: { list: ['@{nixpack:env.VALUE}', true, 1.5] } }

test('a structured file takes any value, and a lone placeholder keeps its type', () => {
  const { text } = renderOne({ format: 'json', value: VALUE }, { VALUE: NASTY })
  expect(JSON.parse(text ?? '')).toEqual({ port: 80, text: 'p=80', deep: { list: [NASTY, true, 1.5] } })
})

test('yaml escapes what JSON leaves alone and YAML refuses or folds', () => {
  const { text } = renderOne({ format: 'yaml', value: '@{nixpack:env.VALUE}' }, { VALUE: '\u007f\u0085\u009f\u2028\u2029\ufeffé' })
  expect(text).toBe(String.raw`"\u007f\u0085\u009f\u2028\u2029\ufeffé"` + '\n')
})

test('yaml', () => {
  expect(renderOne({ format: 'yaml', value: { ...VALUE, no: [], none: null, nested: [[1], { a: 2 }] } }, { VALUE: 'yes: #' }).text).toBe(
    '"port": 80\n"text": "p=80"\n"deep":\n  "list":\n    - "yes: #"\n    - true\n    - 1.5\n"no": []\n"none": null\n"nested":\n  -\n    - 1\n  -\n    "a": 2\n',
  )
})

test('toml', () => {
  expect(renderOne({ format: 'toml', value: { ...VALUE, 'a b': [{ c: 1 }] } }, { VALUE: 'x\u007f"' }).text).toBe(
    'port = 80\ntext = "p=80"\n"a b" = [{ c = 1 }]\n\n[deep]\nlist = ["x\\u007F\\"", true, 1.5]\n',
  )
  expect(renderOne({ format: 'toml', value: { a: null } }).problems).toEqual(['"f": TOML has no null'])
})

test('ini, which refuses what its readers do not agree on', () => {
  expect(renderOne({ format: 'ini', value: { section: { key: '@{nixpack:env.VALUE}' }, top: 1 } }).text).toBe('top = 1\n\n[section]\nkey = v\n')
  const value = { section: { key: '@{nixpack:env.VALUE}' } }
  for (const text of ['a;b', 'a\nb', ' a', '"a"']) expect(renderOne({ format: 'ini', value }, { VALUE: text }).problems).toHaveLength(1)
})

const planOne = (declaration: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) => {
  const manifest = createManifest({ env: ENV, processes: { p: { command: ['/bin/p', '@{nixpack:env.VALUE}'], ...declaration } } })
  const { variables } = resolveVariables({ manifest, environment, workingDir: '/w' })
  return planProcesses(manifest, { variables, paths: PATHS, environment, workingDir: '/w' })[0]
}

test('arguments take any value as one word', () => {
  expect(planOne({}, { VALUE: NASTY })?.command).toEqual(['/bin/p', NASTY])
})

test('a server on every interface is asked on the loopback one', () => {
  expect(planOne({ ready: { tcp: '@{nixpack:env.ADDRESS}' } }, { ADDRESS: ':90' })?.ready?.check).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 90 })
})

test('values in a log line pattern match themselves', () => {
  const check = planOne({ ready: { logLine: '^on @{nixpack:env.VALUE}$' } }, { VALUE: 'a.*b' })?.ready?.check
  expect(check?.kind === 'logLine' && [check.pattern.test('on a.*b'), check.pattern.test('on axxb')]).toEqual([true, false])
})

test('the environment is clean unless copied, and declared values win', () => {
  const environment = { PATH: '/bin', OTHER: 'x' }
  expect(planOne({ environment: { A: '@{nixpack:env.PORT}' } }, environment)?.environment).toEqual({ PATH: '/bin', A: '80' })
  expect(planOne({ copyEnv: true, environment: { OTHER: 'y' } }, environment)?.environment).toEqual({ PATH: '/bin', OTHER: 'y' })
})

test('an unknown signal is named, with the nearest', () => {
  expect(() => planOne({ stopSignal: 'SIGTRM' })).toThrow('no such signal, did you mean "SIGTERM"?')
})

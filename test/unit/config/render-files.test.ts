import { expect, test } from 'vitest'
import { renderFiles } from '../../../runtime/config/render-files.ts'
import { createManifest } from '../../helpers/manifest.ts'
import { createPlanContext } from '../../helpers/plan-context.ts'

const ENV = { VALUE: { type: 'string', default: 'v' }, PORT: { type: 'port', default: 80 }, ADDRESS: { type: 'address', default: '[::1]:90' } }

const renderOne = (file: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string>> = {}) => {
  const manifest = createManifest({ env: ENV, files: { f: file } })
  const { files, problems } = renderFiles(manifest, createPlanContext(manifest, { environment }))
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

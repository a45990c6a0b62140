// The layers: which folder may import which, and which file is the only user of what. Parsed from the sources.
import { readFileSync } from 'node:fs'
import { globSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

import { ERRORS } from '../runtime/contract/errors.ts'

const ROOT = join(import.meta.dirname, '..')
const SOURCES = globSync(['src/**/*.ts', 'runtime/**/*.ts'], { cwd: ROOT }).filter((path) => !path.endsWith('.d.ts'))
const IMPORT = /(?:^|[;\n])(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean }

/** Relative imports become paths from the root; packages keep their names. */
const importsOf = (path: string): readonly Import[] =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(IMPORT)].map(([, type, direct, dynamic]) => {
    const target = direct ?? dynamic ?? ''
    return { from: path, to: target.startsWith('.') ? relative(ROOT, join(ROOT, dirname(path), target)) : target, typeOnly: type !== undefined }
  })

const IMPORTS = SOURCES.flatMap(importsOf)

const packageOf = (target: string): string => (target.startsWith('node:') ? target : (/^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target))
const isLocal = (target: string): boolean => target.startsWith('src/') || target.startsWith('runtime/')

/** First matching row: files, and the prefixes of what they may import as values besides their own folder. */
const LAYERS: readonly (readonly [files: RegExp, allowed: readonly string[]])[] = [
  [/^runtime\/contract\//, ['zod', 'runtime/contract/']],
  [/^runtime\/circus\//, ['node:fs', 'runtime/contract/', 'runtime/circus/']],
  [/^runtime\/config\//, ['node:', 'runtime/contract/', 'runtime/log/', 'runtime/config/']],
  [/^runtime\/log\//, ['node:', 'runtime/contract/', 'runtime/log/']],
  [/^runtime\/supervisor\/(graph|state|restart)/, ['runtime/contract/', 'runtime/supervisor/']],
  [/^runtime\/supervisor\//, ['node:', 'runtime/contract/', 'runtime/log/', 'runtime/supervisor/']],
  [/^runtime\/control\/client/, ['node:', 'zod', 'runtime/contract/', 'runtime/log/', 'runtime/control/']],
  [/^runtime\/control\//, ['node:', 'zod', 'runtime/contract/', 'runtime/log/', 'runtime/supervisor/', 'runtime/control/']],
  [/^runtime\//, ['node:', 'runtime/']],
  [/^src\/lib\//, ['node:', 'execa', 'which', 'src/lib/', 'runtime/contract/']],
  [/^src\/nix\//, ['node:', 'zod', 'src/nix/', 'src/lib/', 'runtime/contract/']],
  [/^src\/archive\//, ['node:', 'zod', 'tar', 'src/archive/', 'src/lib/', 'runtime/contract/']],
  [/^src\/lint\//, ['node:', 'zod', 'src/lint/', 'src/lib/', 'runtime/contract/']],
  [/^src\/sea\//, ['node:', 'zod', 'esbuild', 'postject', 'src/sea/', 'src/lib/', 'runtime/contract/']],
  [/^src\/output\//, ['node:', 'src/output/', 'src/lib/', 'runtime/contract/']],
  [/^src\/options\.ts$/, ['commander', 'zod', 'src/archive/compress.ts']],
  [/^src\/report\.ts$/, ['node:', 'src/lib/errno.ts', 'runtime/contract/']],
  [/^src\/pipeline\.ts$/, ['node:', 'src/', 'runtime/contract/']],
  [
    /^src\/commands\//,
    ['node:', 'zod', 'src/options.ts', 'src/pipeline.ts', 'src/report.ts', 'src/output/read-bundle.ts', 'src/commands/', 'runtime/contract/'],
  ],
  [/^src\/cli\.ts$/, ['node:', 'zod', 'commander', 'src/commands/', 'src/options.ts', 'src/report.ts', 'src/lib/temp-file.ts', 'runtime/contract/']],
]

test('every file imports only what its layer may', () => {
  const violations = IMPORTS.filter(({ from, to, typeOnly }) => {
    const row = LAYERS.find(([files]) => files.test(from))
    return !typeOnly && row?.[1].some((prefix) => to.startsWith(prefix)) !== true
  })
  expect(violations).toEqual([])
})

test('runtime imports nothing of src, not even types', () => {
  expect(IMPORTS.filter(({ from, to }) => from.startsWith('runtime/') && to.startsWith('src/'))).toEqual([])
})

test('nothing imports tests, and there are no barrels', () => {
  expect(IMPORTS.filter(({ to }) => to.startsWith('test/'))).toEqual([])
  expect(SOURCES.filter((path) => /\/(index|utils|helpers|common|misc|types)\.ts$/.test(path))).toEqual([])
})

test('imports form no cycle', () => {
  const graph = Map.groupBy(
    IMPORTS.filter(({ to, typeOnly }) => isLocal(to) && !typeOnly),
    ({ from }) => from,
  )
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail, path].join(' -> '))
    if (done.has(path) || trail.includes(path)) return
    for (const { to } of graph.get(path) ?? []) visit(to, [...trail, path])
    done.add(path)
  }
  for (const path of SOURCES) visit(path, [])
  expect(cycles).toEqual([])
})

test.each([
  ['execa', ['src/lib/run.ts']],
  ['which', ['src/lib/find-tool.ts']],
  ['postject', ['src/sea/supervisor.ts']],
  ['esbuild', ['src/sea/supervisor.ts']],
  ['tar', ['src/archive/tar-stream.ts']],
])('the package %s has one user', (name, users) => {
  expect(IMPORTS.filter(({ to }) => packageOf(to) === name).map(({ from }) => from)).toEqual(users)
})

test.each([
  ['process.exit(', /process\.exit\(/, /^(src\/cli|runtime\/main)\.ts$/],
  ['process.env', /process\.env\b/, /^(src\/cli|runtime\/main)\.ts$/],
  ['console', /\bconsole\./, /^none$/],
  // Modules that only some starts need, which no line of import shows.
  ['process.getBuiltinModule', /\.getBuiltinModule\b/, /^(runtime\/contract\/sha256|runtime\/supervisor\/idle-memory|src\/sea\/script)\.ts$/],
  ['process.stdout and process.stderr', /process\.(stdout|stderr)\b/, /^(src\/report\.ts|runtime\/log\/.*)$/],
])('%s is used only at the edge', (_what, pattern, edge) => {
  expect(SOURCES.filter((path) => !edge.test(path) && pattern.test(withoutComments(readFileSync(join(ROOT, path), 'utf8'))))).toEqual([])
})

test('every error code is provoked by a test', () => {
  const tests = globSync(['test/**/*.test.ts', 'test/launcher/*.sh'], { cwd: ROOT }).map((path) => readFileSync(join(ROOT, path), 'utf8'))
  expect(Object.keys(ERRORS).filter((code) => !tests.some((test) => test.includes(code)))).toEqual([])
})

const withoutComments = (source: string): string => source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

// runtime/main.ts -> one executable: esbuild bundles it, the Node that will run it makes code and a blob of it, postject puts the
// blob into a stripped copy of that Node.
import { build as bundle, type Plugin } from 'esbuild'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inject } from 'postject'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { MANIFEST_PATH } from '../../runtime/contract/manifest.ts'
import { run } from '../lib/run.ts'
import { EXAMPLE_MANIFEST } from './example-manifest.ts'
import { ASSETS, wrapSource } from './script.ts'
import { nodeCommand, stripTool } from './target.ts'
import type { Target } from './target.ts'

/** The marker in Node's binary that tells it that a blob was injected (Node.js manual, "Single executable applications"). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const BLOB_NAME = 'NODE_SEA_BLOB'

/**
 * Without it, a supervisor that has restarted something a thousand times holds 20 MB of young garbage more. Nothing else saves more
 * than 0.3 MB: not --jitless, --lite-mode, --single-threaded, --optimize-for-size, --max-lazy nor fewer threads; and with those, with
 * --expose-gc or --no-flush-bytecode, V8 refuses Node's own code cache, which costs each start 20 ms.
 */
const V8_OPTIONS = ['--max-semi-space-size=1']

export type SupervisorInput = { readonly rootDir: string; readonly target: Target; readonly version: string; readonly outputPath: string }

/** Builds the supervisor's executable. Throws TOOL_MISSING or RUNTIME_MISSING with what the failing tool said. */
export const buildSupervisor = async (input: SupervisorInput): Promise<void> => {
  const workDir = await mkdtemp(join(tmpdir(), 'nixpack-sea-'))
  try {
    await bundleScript(input, 'src/sea/loader.ts', join(workDir, 'loader.cjs'))
    await bundleScript(input, 'runtime/main.ts', join(workDir, ASSETS.source))
    await makeCode(input, workDir)
    const blob = await makeBlob(input.target, workDir)
    await copyFile(input.target.nodePath, input.outputPath)
    await chmod(input.outputPath, 0o755)
    await runOrFail('strip Node', [await stripTool(input.target), '--strip-all', input.outputPath])
    await inject(input.outputPath, BLOB_NAME, blob, { sentinelFuse: FUSE })
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}

const bundleScript = async ({ rootDir, version }: SupervisorInput, entry: string, outputPath: string): Promise<void> => {
  await bundle({
    // Its names of modules are relative to this.
    absWorkingDir: rootDir,
    entryPoints: [entry],
    outfile: outputPath,
    bundle: true,
    platform: 'node',
    target: 'node26',
    // `require` knows all modules of Node.
    supported: { 'dynamic-import': false },
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: { NIXPACK_VERSION: JSON.stringify(version) },
    plugins: [withoutLocales],
    logLevel: 'silent',
  }).catch((cause: unknown) => {
    throw new NixpackError('RUNTIME_MISSING', `cannot bundle "${entry}"`, { cause })
  })
}

/** A third of the script, and 5 ms of each start: every language that zod has messages in, of which ours are none. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup: (build) => build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: 'export {}' })),
}

/** The same bytes every time: code holds string hashes, whose seed is random but for this (which V8 leaves out when it compares options). */
const REPRODUCIBLE = '--predictable'

const makeCode = async ({ target, rootDir }: SupervisorInput, workDir: string): Promise<void> => {
  const sourcePath = join(workDir, ASSETS.source)
  await writeFile(sourcePath, wrapSource(await readFile(sourcePath, 'latin1')), 'latin1')
  const entrypointDir = join(workDir, 'entrypoint')
  const manifestPath = join(entrypointDir, MANIFEST_PATH)
  await mkdir(dirname(manifestPath), { recursive: true })
  await writeFile(manifestPath, JSON.stringify(EXAMPLE_MANIFEST))
  const program = join(rootDir, 'src/sea/code-cache.ts')
  const options = [REPRODUCIBLE, ...V8_OPTIONS, program, sourcePath, join(workDir, ASSETS.code), entrypointDir]
  await runOrFail('compile the script of the supervisor', await nodeCommand(target, options), workDir)
}

const makeBlob = async (target: Target, workDir: string): Promise<Buffer> => {
  const config = {
    main: 'loader.cjs',
    output: 'main.blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    useSnapshot: false,
    assets: { [ASSETS.source]: ASSETS.source, [ASSETS.code]: ASSETS.code },
    // The interface is for runtime/supervisor/idle-memory.ts.
    execArgv: [...V8_OPTIONS, '--experimental-ffi', '--disable-warning=ExperimentalWarning'],
    // Only the launcher speaks through NODE_OPTIONS: it hides the user's.
    execArgvExtension: 'env',
  }
  // The blob records the path of the script as it is written here.
  await writeFile(join(workDir, 'sea.json'), JSON.stringify(config))
  const options = [REPRODUCIBLE, ...V8_OPTIONS, '--experimental-sea-config', 'sea.json']
  await runOrFail('make the blob of the supervisor', await nodeCommand(target, options), workDir)
  return readFile(join(workDir, 'main.blob'))
}

const runOrFail = async (purpose: string, [program, ...args]: readonly [string, ...string[]], workDir?: string): Promise<void> => {
  const result = await run(program, args, workDir === undefined ? {} : { workDir })
  if (result.failed) throw new NixpackError('RUNTIME_MISSING', `cannot ${purpose}: "${program}" failed`, { cause: `${result.reason} ${result.stderr}` })
}

// runtime/main.ts -> one executable: esbuild bundles it, the Node that will run it makes its blob with a code cache,
// postject puts the blob into a stripped copy of that Node.
import { build } from 'esbuild'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'postject'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { run } from '../lib/run.ts'
import { nodeCommand, stripTool } from './target.ts'
import type { Target } from './target.ts'

/** The marker in Node's binary that tells it that a blob was injected (Node.js manual, "Single executable applications"). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const MAIN = 'runtime/main.ts'
const BLOB_NAME = 'NODE_SEA_BLOB'

/**
 * V8 refuses a code cache that was made with other options. Without the first, a supervisor that has restarted something a
 * thousand times holds 20 MB of young garbage more; the second is for runtime/supervisor/idle-memory.ts. Nothing else saves
 * more than 0.3 MB: not --jitless, --lite-mode, --single-threaded, --optimize-for-size, --max-lazy nor fewer threads.
 */
const V8_OPTIONS = ['--max-semi-space-size=1', '--expose-gc']

export type SupervisorInput = { readonly rootDir: string; readonly target: Target; readonly version: string; readonly outputPath: string }

/** Builds the supervisor's executable. Throws TOOL_MISSING or RUNTIME_MISSING with what the failing tool said. */
export const buildSupervisor = async (input: SupervisorInput): Promise<void> => {
  const workDir = await mkdtemp(join(tmpdir(), 'nixpack-sea-'))
  try {
    await bundleScript(input, workDir)
    const blob = await makeBlob(input.target, workDir)
    await copyFile(input.target.nodePath, input.outputPath)
    await chmod(input.outputPath, 0o755)
    await runOrFail('strip Node', [await stripTool(input.target), '--strip-all', input.outputPath])
    await inject(input.outputPath, BLOB_NAME, blob, { sentinelFuse: FUSE })
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}

const bundleScript = async (input: SupervisorInput, workDir: string): Promise<void> => {
  await build({
    // Its names of modules are relative to this.
    absWorkingDir: input.rootDir,
    entryPoints: [MAIN],
    outfile: join(workDir, 'main.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: { NIXPACK_VERSION: JSON.stringify(input.version) },
    logLevel: 'silent',
  }).catch((cause: unknown) => {
    throw new NixpackError('RUNTIME_MISSING', `cannot bundle "${MAIN}"`, { cause })
  })
}

const makeBlob = async (target: Target, workDir: string): Promise<Buffer> => {
  const config = {
    main: 'main.cjs',
    output: 'main.blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    useSnapshot: false,
    // The interface is for runtime/supervisor/idle-memory.ts.
    execArgv: [...V8_OPTIONS, '--experimental-ffi', '--disable-warning=ExperimentalWarning'],
    // Only the launcher speaks through NODE_OPTIONS: it hides the user's.
    execArgvExtension: 'env',
  }
  await writeFile(join(workDir, 'sea.json'), JSON.stringify(config))
  // The same bytes every time: the blob records the path of the script as it is written here, and the code cache
  // holds string hashes, whose seed is random but for --predictable (which V8 leaves out when it compares flags).
  const options = ['--predictable', ...V8_OPTIONS, '--experimental-sea-config', 'sea.json']
  await runOrFail('make the blob of the supervisor', await nodeCommand(target, options), workDir)
  return readFile(join(workDir, 'main.blob'))
}

const runOrFail = async (purpose: string, [program, ...args]: readonly [string, ...string[]], workDir?: string): Promise<void> => {
  const result = await run(program, args, workDir === undefined ? {} : { workDir })
  if (result.failed) throw new NixpackError('RUNTIME_MISSING', `cannot ${purpose}: "${program}" failed`, { cause: `${result.reason} ${result.stderr}` })
}

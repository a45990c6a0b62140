// runtime/main.ts -> one executable: esbuild bundles it, Node makes its blob with a code cache, postject puts the
// blob into a stripped copy of the pinned Node.
import { build } from 'esbuild'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'postject'

import { NixpackError } from '../../runtime/contract/errors.ts'
import { findTool } from '../lib/find-tool.ts'
import { run } from '../lib/run.ts'

/** The marker in Node's binary that tells it that a blob was injected (Node.js manual, "Single executable applications"). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const BLOB_NAME = 'NODE_SEA_BLOB'

export type SupervisorInput = { readonly mainPath: string; readonly nodePath: string; readonly version: string; readonly outputPath: string }

/** Builds the supervisor's executable. Throws TOOL_MISSING or RUNTIME_MISSING with what the failing tool said. */
export const buildSupervisor = async (input: SupervisorInput): Promise<void> => {
  const workDir = await mkdtemp(join(tmpdir(), 'nixpack-sea-'))
  try {
    await bundleScript(input, workDir)
    const blob = await makeBlob(input.nodePath, workDir)
    await copyFile(input.nodePath, input.outputPath)
    await chmod(input.outputPath, 0o755)
    await runOrFail('strip Node', [await findTool('strip'), '--strip-all', input.outputPath])
    await inject(input.outputPath, BLOB_NAME, blob, { sentinelFuse: FUSE })
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}

const bundleScript = async (input: SupervisorInput, workDir: string): Promise<void> => {
  await build({
    entryPoints: [input.mainPath],
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
    throw new NixpackError('RUNTIME_MISSING', `cannot bundle "${input.mainPath}"`, { cause })
  })
}

const makeBlob = async (nodePath: string, workDir: string): Promise<Buffer> => {
  const config = {
    main: 'main.cjs',
    output: 'main.blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    useSnapshot: false,
    execArgvExtension: 'none',
  }
  await writeFile(join(workDir, 'sea.json'), JSON.stringify(config))
  // The same bytes every time: the blob records the path of the script as it is written here, and the code cache
  // holds string hashes, whose seed is random but for --predictable (which V8 leaves out when it compares flags).
  await runOrFail('make the blob of the supervisor', [nodePath, '--predictable', '--experimental-sea-config', 'sea.json'], workDir)
  return readFile(join(workDir, 'main.blob'))
}

const runOrFail = async (purpose: string, [program, ...args]: readonly [string, ...string[]], workDir?: string): Promise<void> => {
  const result = await run(program, args, workDir === undefined ? {} : { workDir })
  if (result.failed) throw new NixpackError('RUNTIME_MISSING', `cannot ${purpose}: "${program}" failed`, { cause: `${result.reason} ${result.stderr}` })
}

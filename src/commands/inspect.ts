// nixpack inspect FILE
import { relocationFindings, relocationOf } from '../../runtime/contract/relocation.ts'
import { inspectOptionsSchema } from '../options.ts'
import { readBundle, verifyBundle } from '../output/read-bundle.ts'
import type { OpenedBundle } from '../output/read-bundle.ts'
import { renderRelocation, renderSize } from '../report.ts'
import { parseOptions } from './command.ts'
import type { Command } from './command.ts'

export const inspectCommand: Command = {
  name: 'inspect',
  argument: '<file>',
  summary: 'show what is in a bundle, without running it',
  schema: inspectOptionsSchema,
  execute: async (path, given, { report }) => {
    const options = parseOptions(inspectOptionsSchema, given)
    const bundle = options.verify ? await verifyBundle(path) : await readBundle(path)
    report.print(options.json ? JSON.stringify(describe(bundle), undefined, 2) : render(bundle))
  },
}

/** The published form: top level and list items are records, so that they can grow. */
const describe = ({ index, sizeBytes, launcherBytes, identity }: OpenedBundle) => ({
  name: index.name,
  system: index.system,
  kind: index.composed ? 'composed' : 'plain',
  identity,
  sizeBytes,
  launcherBytes,
  entrypoint: index.paths[index.entrypoint]?.baseName,
  program: index.composed ? undefined : index.program,
  runtime: index.runtime === undefined ? undefined : index.paths[index.runtime]?.baseName,
  relocation: relocationOf(index.paths),
  paths: index.paths.map((path) => ({
    name: path.baseName,
    narHash: `sha256-${path.narHash.toString('base64')}`,
    sizeBytes: path.sizeBytes,
    references: path.references,
    compressedBytes: compressedBytes(path.frames),
    frames: path.frames.map(({ digest, ...frame }) => ({ ...frame, sha256: digest.toString('hex') })),
  })),
})

const render = (bundle: OpenedBundle): string => {
  const { index } = bundle
  const rows = [...index.paths]
    .sort((left, right) => compressedBytes(right.frames) - compressedBytes(left.frames))
    .map((path) => `  ${renderSize(compressedBytes(path.frames)).padStart(9)} ${renderSize(path.sizeBytes).padStart(9)}  ${path.baseName}`)
  return [
    `${index.name}: ${index.composed ? 'composed' : 'plain'} bundle for ${index.system}, ${renderSize(bundle.sizeBytes)}`,
    `  identity    ${bundle.identity}`,
    `  entrypoint  ${index.paths[index.entrypoint]?.baseName ?? ''}${index.program === '' ? '' : ` (${index.program})`}`,
    ...renderRelocation(relocationFindings(index.paths)).map((line) => `  ${line}`),
    '  compressed  unpacked  store path',
    ...rows,
  ].join('\n')
}

const compressedBytes = (frames: readonly { readonly sizeBytes: number }[]): number => frames.reduce((total, frame) => total + frame.sizeBytes, 0)

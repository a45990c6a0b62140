// What each engine costs at a cold and at a warm start. The engines take turns, so that a machine whose speed drifts does the
// same to all of them; unpacking is what a cold start takes longer than the warm one behind it.
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'

import { createHost, HOST_UID } from './host.ts'
import type { Host } from './host.ts'
import { fillData, MARKOV, timeToGenerate } from './markov-start.ts'
import type { MarkovStart } from './markov-start.ts'
import { median, sorted } from './measure.ts'

const ROOT = join(import.meta.dirname, '..')

type Engine = { readonly name: string; readonly host: Host; readonly uid: number; readonly dir: string; readonly nixDir?: string }
type Sample = { readonly cold: number; readonly warm: number }

/** By engine: the same rounds in the same order. */
type Samples = ReadonlyMap<string, readonly Sample[]>

/** Prints the tables. */
export const benchEngines = async (parentDir: string, runs: number): Promise<void> => {
  const hello = join(parentDir, 'hello')
  execFileSync(join(ROOT, 'bin', 'nixpack'), ['bundle', 'fixtures/markov/markov.nix#hello', '--quiet', '--output', hello], { cwd: ROOT })
  const nixDir = join(parentDir, 'nix')
  mkdirSync(nixDir)
  await using empty = await createHost()
  await using own = await createHost('own')
  await using writable = await createHost({ dir: nixDir })
  const engines = [
    { name: 'host', host: own, uid: 0 },
    { name: 'mount', host: empty, uid: 0 },
    { name: 'userns', host: empty, uid: HOST_UID },
    { name: 'relocate', host: empty, uid: 0 },
    { name: 'nix-dir', host: writable, uid: 0, nixDir },
  ].map((engine, number) => createDirectory(engine, join(parentDir, `${number}`)))

  printTable('hello to its end', await sample(engines, runs, (engine) => timeToEnd(engine, hello, [])))
  printTable('markov --help', await sample(engines, runs, (engine) => timeToEnd(engine, MARKOV, ['--help'])))
  for (const engine of engines) await fillData(markovStart(engine))
  printTable('markov to /generate', await sample(engines, runs, (engine) => timeToGenerate(markovStart(engine))))
}

/** Its path is short: relocated trees lie in it. */
const createDirectory = (engine: Omit<Engine, 'dir'>, dir: string): Engine => {
  mkdirSync(dir)
  chownSync(dir, engine.uid, engine.uid)
  return { ...engine, dir }
}

const cacheOf = ({ dir }: Engine): string => join(dir, 'c')

const markovStart = (engine: Engine): MarkovStart => ({
  host: engine.host,
  workDir: engine.dir,
  dataDir: engine.dir,
  cacheDir: cacheOf(engine),
  uid: engine.uid,
  engine: engine.name,
})

const timeToEnd = async (engine: Engine, file: string, args: readonly string[]): Promise<number> => {
  const { name, host, uid, dir } = engine
  const begin = performance.now()
  const { child, failure } = host.start(file, { cwd: dir, env: { NIXPACK_ENGINE: name, NIXPACK_CACHE_DIR: cacheOf(engine), PATH: '/nonexistent' }, args, uid })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw failure()
  return performance.now() - begin
}

const sample = async (engines: readonly Engine[], runs: number, time: (engine: Engine) => Promise<number>): Promise<Samples> => {
  const samples = new Map<string, Sample[]>(engines.map(({ name }) => [name, []]))
  for (let round = 0; round < runs; round++) {
    for (const engine of engines) {
      rmSync(cacheOf(engine), { recursive: true, force: true })
      if (engine.nixDir !== undefined) execFileSync('find', [engine.nixDir, '-mindepth', '1', '-delete'])
      const cold = await time(engine)
      // What the first start writes in the background is nobody else's burden.
      execFileSync('sync')
      samples.get(engine.name)?.push({ cold, warm: await time(engine) })
    }
  }
  return samples
}

const printTable = (what: string, samples: Samples): void => {
  const reference = samples.get('mount') ?? []
  console.log(`${what.padEnd(26)} ${'cold'.padStart(9)} ${'warm'.padStart(9)} ${'unpacking'.padStart(9)}   unpacking of mount = 1`)
  for (const [engine, own] of samples) {
    const unpacking = own.map(unpackingOf)
    const ratio = median(sorted(own.map((each, round) => unpackingOf(each) / unpackingOf(reference[round] ?? each))))
    const columns = [own.map(({ cold }) => cold), own.map(({ warm }) => warm), unpacking].map((times) => `${median(sorted(times)).toFixed(1)} ms`.padStart(9))
    console.log(`  ${engine.padEnd(24)} ${columns.join(' ')}   ${ratio.toFixed(2)}${engine === 'relocate' ? ' (limit 1.30)' : ''}`)
  }
}

const unpackingOf = ({ cold, warm }: Sample): number => cold - warm

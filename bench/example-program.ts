// Programs of the markov example's package set, built by the real Nix: neither benchmarks nor tests need the host's.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const MARKOV = join(import.meta.dirname, '..', 'fixtures', 'markov', 'markov.nix')

/** Directory with the programs of a package that markov.nix exports. Run by make, which sets what Nix needs. */
export const exampleProgramDir = (name: 'redis' | 'bash' | 'markov'): string => {
  const args = ['--extra-experimental-features', 'nix-command flakes', 'build', '--no-link', '--json', '--file', MARKOV, name]
  const [built] = JSON.parse(execFileSync('nix', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
  return join(built.outputs.out, 'bin')
}

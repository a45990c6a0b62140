// The build CLI against wrong input: one clear message with a code, nothing half-written.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, mkdirSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { bundlePath } from '../helpers/e2e-bundles.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const workDir = mkdtempSync(join(tmpdir(), 'nixpack-cli-'))
afterAll(() => rmSync(workDir, { recursive: true }))

const nixpack = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(join(ROOT, 'bin', 'nixpack'), args, { cwd: workDir, encoding: 'utf8', env: { ...process.env, ...env } })

writeFileSync(join(workDir, 'set.nix'), '{ a = 1; b = { type = "derivation"; }; }')
writeFileSync(join(workDir, 'broken.nix'), '{ a = ')
writeFileSync(join(workDir, 'text'), 'text')
writeFileSync(
  join(workDir, 'made.nix'),
  `let
    make = system: script: derivation { inherit system; name = "made"; builder = "/bin/sh"; args = [ "-c" script ]; };
    elf = machine: ''printf '\\177ELF\\002\\001\\001\\000\\000\\000\\000\\000\\000\\000\\000\\000\\003\\000\\\${machine}\\000' '';
  in {
    sparc = make builtins.currentSystem "/bin/mkdir -p $out/bin; \${elf "002"} > $out/bin/made; /bin/chmod +x $out/bin/made";
    mixed = make builtins.currentSystem ''
      /bin/mkdir -p $out/bin
      \${elf "267"} > $out/bin/arm
      \${elf "076"} > $out/bin/x86
      echo '#!/bin/sh' > $out/bin/made
      /bin/chmod +x $out/bin/*
    '';
    noted = make builtins.currentSystem ''
      /bin/mkdir -p $out/bin
      printf '#!/bin/sh\\necho /nix/store' > $out/bin/made
      /bin/chmod +x $out/bin/made
      for i in 1 2 3 4 5 6 7 8 9 a b; do echo $out | /bin/gzip -n > $out/$i.gz; done
    '';
    manifest = make builtins.currentSystem "/bin/mkdir -p $out/share/nixpack; echo '\${builtins.toJSON { version = 1; nmae = 1; }}' > $out/share/nixpack/manifest.json";
    foreign = make "sparc-solaris" "echo > $out";
    fails = make builtins.currentSystem "echo the builder says why >&2; exit 3";
  }`,
)
mkdirSync(join(workDir, 'taken'))
execFileSync('mkfifo', [join(workDir, 'fifo')])

test.each([
  { args: ['bundle', 'missing.nix#x'], code: 'ENTRYPOINT_NOT_FOUND', names: 'missing.nix', status: 1 },
  { args: ['bundle', 'set.nix'], code: 'ENTRYPOINT_NOT_FOUND', names: 'a, b', status: 1 },
  { args: ['bundle', 'set.nix#c'], code: 'ENTRYPOINT_NOT_FOUND', names: 'set.nix#c', status: 1 },
  { args: ['bundle', 'broken.nix#a'], code: 'NIX_FAILED', names: 'syntax error', status: 1 },
  { args: ['bundle', '/nix/store/00000000000000000000000000000000-none'], code: 'ENTRYPOINT_NOT_FOUND', names: '-none', status: 1 },
  { args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '-o', 'taken'], code: 'OUTPUT_UNWRITABLE', names: 'taken', status: 1 },
  { args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '-o', 'missing/dir/x'], code: 'OUTPUT_UNWRITABLE', names: 'missing/dir', status: 1 },
  { args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '--program', 'bin/none'], code: 'ENTRYPOINT_NOT_FOUND', names: 'bin/none', status: 1 },
  ...['/bin/hello', '../x/bin/y', './bin/hello'].map((program) => ({
    args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '--program', program],
    code: 'USAGE_INVALID',
    names: program,
    status: 2,
  })),
  { args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '--level', '99'], code: 'USAGE_INVALID', names: 'level', status: 2 },
  { args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '--program', 'bin'], code: 'ENTRYPOINT_NOT_EXECUTABLE', names: '/bin"', status: 1 },
  { args: ['bundle', 'made.nix#manifest'], code: 'MANIFEST_INVALID', names: 'did you mean "name"', status: 2 },
  { args: ['bundle', 'made.nix#foreign'], code: 'CLOSURE_FOREIGN_SYSTEM', names: 'made.nix#foreign', status: 1 },
  { args: ['bundle', 'made.nix#sparc'], code: 'CLOSURE_FOREIGN_SYSTEM', names: '/bin/made": it is for ELF machine 2', status: 1 },
  { args: ['bundle', 'made.nix#fails', '-o', 'missing/dir/x'], code: 'OUTPUT_UNWRITABLE', names: 'missing/dir" is missing', status: 1 },
  { args: ['bundle', 'made.nix#fails', '-o', 'made.nix/x'], code: 'OUTPUT_UNWRITABLE', names: 'made.nix', status: 1 },
  { args: ['bundle', 'made.nix#fails', '-o', 'taken'], code: 'OUTPUT_UNWRITABLE', names: 'taken', status: 1 },
  { args: ['bundle', 'made.nix#fails'], code: 'NIX_FAILED', names: 'the builder says why', status: 1 },
  { args: ['inspect', 'text'], code: 'PAYLOAD_CORRUPT', names: 'footer', status: 125 },
  { args: ['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '-o', 'fifo'], code: 'OUTPUT_UNWRITABLE', names: 'fifo', status: 1 },
  { args: ['inspect', 'fifo'], code: 'USAGE_INVALID', names: 'fifo', status: 2 },
  { args: ['inspect', 'taken'], code: 'USAGE_INVALID', names: 'taken', status: 2 },
  { args: ['inspect', 'missing'], code: 'USAGE_INVALID', names: 'missing', status: 2 },
])('nixpack $args is refused with $code', ({ args, code, names, status }) => {
  const result = nixpack(args)
  expect(result.stderr).toContain(`[NIXPACK_${code}]`)
  expect(result.stderr).toContain(names)
  expect(result.status).toBe(status)
  expect(readdirSync(workDir).sort()).toEqual(['broken.nix', 'fifo', 'made.nix', 'set.nix', 'taken', 'text'])
})

test('a frame cache that cannot be written to is named', () => {
  const result = nixpack(['bundle', `${ROOT}/fixtures/markov/markov.nix#hello`, '-o', 'x'], { NIXPACK_FRAME_CACHE: '/proc/none' })
  expect(result.stderr).toMatch(/"\/proc\/none".*\[NIXPACK_ARCHIVE_FAILED\]\n {2}hint: set NIXPACK_FRAME_CACHE/)
  expect(result.status).toBe(1)
})

test('without nix on PATH the message says what to install', () => {
  const result = nixpack(['bundle', 'set.nix#b'], { PATH: '/usr/sbin' })
  expect(result.status).not.toBe(0)
  const withUname = spawnSync(process.execPath, [join(ROOT, 'src', 'cli.ts'), 'bundle', 'set.nix#b'], {
    cwd: workDir,
    encoding: 'utf8',
    env: { PATH: '/nonexistent' },
  })
  expect(withUname.stderr).toMatch(/cannot find program "nix".*\[NIXPACK_TOOL_MISSING\]\n {2}hint: .*nix-bin/)
})

test.each([
  { args: ['bundel'], says: 'unknown command "bundel"', hint: 'did you mean bundle?' },
  { args: ['bundle', 'x.nix', '--outptu', 'y'], says: 'unknown option "--outptu"', hint: 'did you mean --output?' },
  { args: ['bundle'], says: 'missing required argument "ref"', hint: 'see nixpack --help' },
  { args: [], says: 'it names no command', hint: 'see nixpack --help' },
])('the command line $args ends with one message in the usual form', ({ args, says, hint }) => {
  const result = nixpack(args)
  expect(result.stderr).toMatch(
    new RegExp(`nixpack: cannot read the command line: ${says} {2}\\[NIXPACK_USAGE_INVALID\\]\n {2}hint: ${hint.replace('?', '\\?')}\n$`),
  )
  expect(result.status).toBe(2)
})

test('a closure with programs for several processors is bundled for that of its derivation, and refused without one', () => {
  const other = nixpack(['bundle', 'made.nix#mixed', '-o', 'mixed', '--json'])
  expect(JSON.parse(other.stdout)).toMatchObject({ system: `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux` })
  rmSync(join(workDir, 'mixed'))
  const storePath = execFileSync('nix-build', ['--no-out-link', 'made.nix', '-A', 'mixed'], {
    cwd: workDir,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
  const result = nixpack(['bundle', storePath, '-o', 'mixed'])
  expect(result.stderr).toContain(`"${storePath}/bin/arm" is for aarch64-linux, "${storePath}/bin/x86" for x86_64-linux  [NIXPACK_CLOSURE_FOREIGN_SYSTEM]`)
})

test('what relocation cannot rewrite is printed, the first lines of many, and kept in the bundle', () => {
  const printed = nixpack(['bundle', 'made.nix#noted', '-o', 'noted']).stdout
  expect(printed).toContain('\n  relocation: 12 findings\n')
  expect(printed).toMatch(/^ {4}[0-9a-z]{32}-made: 1\.gz: a reference inside compressed data$/m)
  expect(printed.match(/: a reference inside compressed data$/gm)).toHaveLength(10)
  const inspected = nixpack(['inspect', 'noted'])
  expect(inspected.stdout).toContain('\n  relocation: 12 findings\n')
  const { relocation } = JSON.parse(nixpack(['inspect', 'noted', '--json']).stdout)
  expect(relocation).toMatchObject({ safe: false })
  expect(relocation.findings).toHaveLength(12)
  expect(relocation.findings.at(-1)).toEqual({
    path: expect.stringMatching(/-made$/),
    file: 'bin/made',
    reason: 'no-hash',
    meaning: 'names /nix/store without a store path',
  })
  rmSync(join(workDir, 'noted'))
})

test.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)('%s leaves no unfinished file behind', async (signal) => {
  const dir = mkdtempSync(join(workDir, 'unfinished-'))
  const child = spawn(join(ROOT, 'bin', 'nixpack'), ['bundle', `${ROOT}/fixtures/markov/markov.nix#entrypoint`, '--level', '1', '-o', join(dir, 'markov')], {
    stdio: 'ignore',
  })
  const watcher = watch(dir).once('change', () => child.kill(signal))
  const [status] = await once(child, 'exit')
  watcher.close()
  expect(readdirSync(dir)).toEqual([])
  expect(status).toBe(130)
  rmSync(dir, { recursive: true })
})

test('inspect --verify reads every frame and --json is one object', () => {
  const result = nixpack(['inspect', bundlePath('hello'), '--verify', '--json'])
  expect(JSON.parse(result.stdout)).toMatchObject({ name: 'hello', kind: 'plain', program: 'bin/hello' })
})

test('a reader that stops early is no error', () => {
  const script = '{ "$0" inspect "$1"; echo "status $?" >&2; } | true'
  const result = spawnSync('/bin/sh', ['-c', script, join(ROOT, 'bin', 'nixpack'), bundlePath('hello')], { encoding: 'utf8' })
  expect(result.stderr).toBe('status 0\n')
})

// mkEntrypoint, evaluated by the real Nix. The builder of text files is replaced by the identity, so that nothing has
// to be built: what is looked at is the text of the manifest, or the message of the error.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../runtime/contract/manifest.ts'

/** As Nix expressions, whatever the name of the directory holds. */
const library = `(import (/. + ${JSON.stringify(fileURLToPath(new URL('../../nix/lib.nix', import.meta.url)))}) { writeTextFile = file: file; })`
const flake = `((import (/. + ${JSON.stringify(fileURLToPath(new URL('../../flake.nix', import.meta.url)))})).outputs { })`
const run = promisify(execFile)

const evaluate = async (expression: string): Promise<string> => {
  const { stdout } = await run('nix-instantiate', ['--eval', '--strict', '--json', '--expr', expression], {
    env: { ...process.env, NIX_CONFIG: `${process.env['NIX_CONFIG'] ?? ''}\nbuild-users-group =` },
  })
  return String(JSON.parse(stdout))
}

const manifestText = (declaration: string): Promise<string> => evaluate(`(${library}.mkEntrypoint (${declaration})).text`)

const manifest = async (declaration: string) => parseManifest(await manifestText(declaration), 'manifest.json')

/** A declaration that is right but for what `extra` changes. */
const declaration = (extra: string): string => `{
  name = "web";
  env = { WEB_ADDR = { type = "address"; default = "localhost:80"; }; WEB_TOKEN = { type = "secret"; }; };
  files."web.conf" = "text";
  processes.db = { command = [ "/bin/db" ]; ready.tcp = "localhost:1"; };
  processes.web = { env, file, dir, ... }: { command = [ "/bin/web" ]; dependsOn.db = "ready"; };
} // ${extra}`

const failure = async (extra: string): Promise<string> => {
  try {
    await manifestText(declaration(extra))
  } catch (error) {
    // The expression comes first and is not what is asked for.
    return String(error).replace(/^.*?\nerror: /s, '')
  }
  throw new Error(`accepted: ${extra}`)
}

describe('mkEntrypoint', () => {
  it('writes a manifest that the runtime accepts', async () => {
    await expect(manifest(declaration('{ }'))).resolves.toMatchObject({
      version: 1,
      name: 'web',
      exitPolicy: 'essential',
      files: { 'web.conf': { text: 'text' } },
      processes: { web: { command: ['/bin/web'], dependsOn: { db: 'ready' } } },
    })
  })

  it('turns what is in scope into placeholders wherever it is used', async () => {
    const { files, processes } = await manifest(
      declaration(`{
        files."web.conf" = { env, file, dir, ... }: "\${env.WEB_ADDR} \${env.WEB_ADDR.port} \${env.WEB_ADDR.host.json} \${file."web.conf".shell}";
        files."web.json" = { env, ... }: { format = "json"; value = { list = [ 1 env.WEB_ADDR true ]; }; };
        processes.web = { env, file, dir, ... }: {
          command = [ "/bin/web" file."web.conf" 8 true 0.5 env.WEB_ADDR ];
          environment = { TOKEN = env.WEB_TOKEN; RUN = "\${dir.run.quote}"; };
          workingDirectory = dir.tmp;
          ready = { tcp = env.WEB_ADDR; interval = "1s"; };
        };
      }`),
    )
    expect(files['web.conf']?.text).toBe(
      '@{nixpack:env.WEB_ADDR} @{nixpack:env.WEB_ADDR.port} @{nixpack:env.WEB_ADDR.host|json} @{nixpack:file.web.conf|shell}',
    )
    expect(files['web.json']?.value).toEqual({ list: [1, '@{nixpack:env.WEB_ADDR}', true] })
    expect(processes['web']).toMatchObject({
      command: ['/bin/web', '@{nixpack:file.web.conf}', '8', 'true', '0.5', '@{nixpack:env.WEB_ADDR}'],
      environment: { TOKEN: '@{nixpack:env.WEB_TOKEN}', RUN: '@{nixpack:dir.run|quote}' },
      workingDirectory: '@{nixpack:dir.tmp}',
      ready: { tcp: '@{nixpack:env.WEB_ADDR}', interval: '1s' },
    })
  })

  it('keeps the store paths that a command mentions in the closure', async () => {
    const context = await evaluate(`
      let
        program = derivation { name = "program"; system = builtins.currentSystem; builder = "/bin/sh"; };
        entrypoint = ${library}.mkEntrypoint {
          name = "web";
          processes.web.command = [ "\${program}/bin/web" program ];
        };
      in builtins.concatStringsSep " " (map baseNameOf (builtins.attrNames (builtins.getContext entrypoint.text)))`)
    expect(context).toMatch(/^[a-z0-9]{32}-program\.drv$/)
  })

  it('names the main program after the entrypoint', async () => {
    await expect(evaluate(`(${library}.mkEntrypoint (${declaration('{ }')})).meta.mainProgram`)).resolves.toBe('web')
  })

  it('is exposed by the flake', async () => {
    const text = `(${flake}.lib.mkEntrypoint ({ pkgs.writeTextFile = file: file; } // (${declaration('{ }')}))).text`
    expect(parseManifest(await evaluate(text), 'manifest.json').name).toBe('web')
  })
})

describe('a misspelt name is an evaluation error', () => {
  it.each([
    ['of a variable', '{ processes.web = { env, ... }: { command = [ env.WEB_ADR ]; }; }', "attribute 'WEB_ADR' missing"],
    ['of a file', '{ processes.web = { file, ... }: { command = [ file."web.cnf" ]; }; }', "attribute 'web.cnf' missing"],
    ['of a directory', '{ files.a = { dir, ... }: "${dir.rnu}"; }', "attribute 'rnu' missing"],
    ['of a filter', '{ files.a = { env, ... }: "${env.WEB_ADDR.quoted}"; }', "attribute 'quoted' missing"],
    ['of a part that the type has not', '{ files.a = { env, ... }: "${env.WEB_TOKEN.port}"; }', "attribute 'port' missing"],
  ])('%s', async (_, extra, message) => {
    await expect(failure(extra)).resolves.toContain(message)
  })
})

const variable = (text: string): string => `{ env.X = { ${text} }; processes.db.command = [ "x" ]; }`
const dbProcess = (text: string): string => `{ processes.db = { command = [ "x" ]; } // { ${text} }; }`

describe('what is wrong with a declaration is said', () => {
  it.each([
    ['{ procesess = { }; }', 'mkEntrypoint: unknown key "procesess"; accepted: name, description, env, files, processes, exitPolicy'],
    ['{ name = "a b"; }', 'name: expected a name'],
    [`{ name = "${'n'.repeat(41)}"; }`, 'name: at most 40 characters'],
    ['{ processes = { }; }', 'at least one process'],
    ['{ exitPolicy = "never"; }', 'exitPolicy: expected "essential", "first-failure" or { process = "NAME"; }, got "never"'],
    ['{ exitPolicy.process = "wbe"; }', 'exitPolicy.process: expected one of db, web; got "wbe"'],
    ['{ env = 3; }', 'env: expected an attribute set, got 3'],
    [variable('default = 1;'), 'env.X: "type" is missing'],
    [variable('type = "int";'), 'env.X.type: expected one of string, integer'],
    [variable('type = "integer"; defualt = 1;'), 'env.X: unknown key "defualt"'],
    [variable('type = "integer"; default = "7";'), 'env.X.default: expected an integer, got "7"'],
    [variable('type = "integer"; default = 7; max = 3;'), 'env.X.default: 7 is greater than max'],
    [variable('type = "integer"; default = 7; min = 8;'), 'env.X.default: 7 is less than min'],
    [variable('type = "port"; default = 70000;'), 'env.X.default: 70000 is no port'],
    [variable('type = "enum"; values = [ "a" ]; default = "b";'), 'env.X.default: "b" is not among the values'],
    [variable('type = "enum";'), '"values" goes with the type enum'],
    [variable('type = "string"; values = [ "a" ];'), '"values" goes with the type enum'],
    [variable('type = "string"; min = 1;'), 'min and max are for the types'],
    [variable('type = "string"; required = true; default = "";'), 'has no use for a default'],
    ['{ env."A B".type = "string"; }', 'the name of an environment variable'],
    ['{ env.NIXPACK_X.type = "string"; }', 'reserved'],
    ['{ files.a = 3; }', 'files."a": expected an attribute set, got 3'],
    ['{ files.a = { text = ""; format = "json"; }; }', 'files."a": expected a text, or a format with a value'],
    ['{ files.a = { format = "json"; }; }', 'format and value go together'],
    ['{ files.a = { format = "xml"; value = { }; }; }', 'files."a".format: expected one of json, yaml, toml, ini; got "xml"'],
    ['{ files."a/b" = ""; }', 'files."a/b": expected a name'],
    [dbProcess('command = "x";'), 'processes.db.command: expected a list of strings that is not empty'],
    [dbProcess('comand = [ ];'), 'processes.db: unknown key "comand"'],
    [dbProcess('dependsOn.bd = "started";'), 'processes.db.dependsOn.bd: there is no process "bd"; declared: db'],
    [dbProcess('dependsOn.db = "started";'), 'dependsOn is circular: db -> db'],
    [dbProcess('ready = { tcp = "a:1"; unix = "/b"; };'), 'processes.db.ready: expected exactly one of tcp, unix, exec, logLine; got 2'],
    [dbProcess('gracefulTimeout = "ten";'), 'processes.db.gracefulTimeout: expected a duration'],
    [dbProcess('stopSignal = "TERM";'), 'processes.db.stopSignal: expected a signal'],
    [dbProcess('restart = "no";'), 'processes.db.restart: expected one of always, on-failure, never; got "no"'],
    [dbProcess('essential = "yes";'), 'processes.db.essential: expected true or false, got "yes"'],
    ['{ processes.a.command = [ "x" ]; processes.b = { command = [ "x" ]; dependsOn.a = "ready"; }; }', 'waits until "a" is ready'],
    ['{ processes.a = { env, ... }: { command = [ "-p${env.WEB_TOKEN.shell}" ]; }; }', 'the secret "WEB_TOKEN" would show'],
  ])('%s', async (extra, message) => {
    await expect(failure(extra)).resolves.toContain(message)
  })
})

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

  it('takes every key that the runtime knows', async () => {
    const { sockets, processes, tasks, heartbeats, pidFile } = await manifest(EVERYTHING)
    expect(sockets).toMatchObject({
      web: { tcp: '@{nixpack:env.WEB_ADDR}', reusePort: true, backlog: 10, interface: 'lo' },
      path: { unix: '@{nixpack:dir.run}/s', mode: '0660', umask: '007', replace: true },
      datagrams: { unixgram: '/run/d' },
      ports: { udp: ':0' },
    })
    expect(processes['web']).toMatchObject({
      command: ['/bin/web', '--fd', '@{nixpack:socket.web.fd}', '@{nixpack:socket.path.path}', '@{nixpack:env.WEB_PORT|offset}', '@{nixpack:process.index}'],
      program: '/bin/other',
      user: 'www',
      group: '33',
      groups: ['adm', '4'],
      rlimits: { nofile: 1024, core: 'unlimited', stack: '1:2' },
      dependsOn: { db: { condition: 'started', restart: true } },
      startup: { notify: true },
      ready: { http: 'http://@{nixpack:env.WEB_ADDR}/', recheck: '1s' },
      liveness: { watchdog: '30s', action: { signal: 'SIGABRT' } },
      resources: { maxMemory: '10%', maxCpu: 90.5, action: 'restart' },
      hooks: { beforeStart: { command: ['/bin/hook', '@{nixpack:process.name}', '1'], ignoreFailure: true } },
      stdin: { socket: 'path' },
      stdout: { file: '@{nixpack:dir.log}/x', rotateWhen: 'midnight' },
      stopSignals: [{ signal: 'SIGINT', wait: '1s' }],
      reload: 'sequential',
      restartOnChange: ['@{nixpack:dir.state}/x'],
    })
    expect(processes['cron']).toMatchObject({ schedule: { cron: '@{nixpack:env.WEB_WHEN}', timeZone: 'Europe/Berlin', runOnStart: true }, oneshot: true })
    expect(tasks['migrate']).toMatchObject({ command: ['/bin/migrate', '@{nixpack:socket.web.port}', '1'], dependsOn: { db: 'ready' }, nice: 5 })
    expect(heartbeats).toMatchObject([{ udp: '@{nixpack:env.WEB_ADDR}', processes: ['web'] }])
    expect(pidFile).toBe('@{nixpack:dir.run}/pid')
  })

  it('takes a circus.ini as a path, and then any names of processes and sockets', async () => {
    const { circusIni, processes } = await manifest(`{ name = "web"; circusIni = ${CIRCUS_INI}; exitPolicy.process = "fromThere"; }`)
    expect(circusIni).toMatch(/^\/nix\/store\/[a-z0-9]{32}-circus\.ini$/)
    expect(processes).toEqual({})
    const text = `{ name = "web"; circusIni = "/a.ini"; processes.a = { command = [ "x" ]; dependsOn.b = "ready"; sockets = [ "c" ]; }; }`
    await expect(manifest(text)).resolves.toMatchObject({ circusIni: '/a.ini' })
  })

  it('takes a port that is chosen on the target', async () => {
    const { env } = await manifest(declaration('{ env.P = { type = "port"; default = "auto"; min = 2000; }; }'))
    expect(env['P']).toMatchObject({ default: 'auto' })
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

const CIRCUS_INI = `(builtins.toFile "circus.ini" "[watcher:x]")`

const EVERYTHING = `{
  name = "web";
  env = {
    WEB_ADDR = { type = "address"; default = "localhost:80"; };
    WEB_PORT = { type = "port"; default = 8000; };
    WEB_WHEN = { type = "string"; default = "@daily"; };
  };
  sockets.web = { env, ... }: { tcp = env.WEB_ADDR; reusePort = true; backlog = 10; interface = "lo"; };
  sockets.path = { dir, ... }: { unix = "\${dir.run}/s"; mode = "0660"; umask = "007"; replace = true; };
  sockets.datagrams.unixgram = "/run/d";
  sockets.ports.udp = ":0";
  processes.db = { command = [ "/bin/db" ]; ready.logLine = "ready"; };
  processes.cron = { env, ... }: {
    command = [ "/bin/cron" ];
    schedule = { cron = env.WEB_WHEN; timeZone = "Europe/Berlin"; runOnStart = true; };
    oneshot = true;
  };
  processes.web = { env, dir, process, socket, ... }: {
    description = "the site";
    command = [ "/bin/web" "--fd" socket.web.fd socket.path.path env.WEB_PORT.offset process.index ];
    program = "/bin/other";
    environment.N = 1;
    copyEnv = true;
    workingDirectory = dir.tmp;
    user = "www";
    group = 33;
    groups = [ "adm" 4 ];
    umask = "027";
    nice = -5;
    oomScoreAdj = 100;
    rlimits = { nofile = 1024; core = "unlimited"; stack = "1:2"; };
    numprocesses = 2;
    singleton = false;
    autostart = true;
    onDemand = false;
    priority = -3;
    warmupDelay = "1s";
    dependsOn.db = { condition = "started"; restart = true; };
    startup = { notify = true; timeout = "1m"; };
    ready = { http = "http://\${env.WEB_ADDR}/"; recheck = "1s"; failureThreshold = 2; interval = "1s"; timeout = "5s"; };
    liveness = { watchdog = "30s"; action.signal = "SIGABRT"; initialDelay = "1s"; failureThreshold = 1; };
    resources = { maxMemory = "10%"; maxCpu = 90.5; interval = "1s"; maxCount = 1; children = false; action = "restart"; };
    restart = "on-failure";
    successStatuses = [ 0 "SIGTERM" ];
    restartStatuses = [ 3 ];
    preventStatuses = [ 4 "SIGHUP" ];
    restartOnChange = [ "\${dir.state}/x" ];
    restartDelay = "1s";
    restartDelayMax = "2s";
    restartBurst = -1;
    restartWindow = "1m";
    flapping = { attempts = 3; window = "2s"; retryIn = "1s"; maxRetry = -1; };
    maxRetry = -1;
    maxAge = "1d";
    maxAgeVariance = "1h";
    stopSignal = "SIGINT";
    stopSignals = [ { signal = "SIGINT"; wait = "1s"; } ];
    stopChildren = false;
    gracefulTimeout = "5s";
    reload = "sequential";
    hooks.beforeStart = { command = [ "/bin/hook" process.name 1 ]; ignoreFailure = true; timeout = "1s"; };
    sockets = [ "web" "path" ];
    stdin.socket = "path";
    stdout = { file = "\${dir.log}/x"; maxBytes = "1MiB"; backupCount = 2; rotateWhen = "midnight"; rotateInterval = 1; timeFormat = "%F"; utc = true; };
    stderr = "null";
    log = { lineMax = "1MiB"; partialTimeout = "1s"; ansi = "strip"; onSlow = "block"; };
    essential = false;
  };
  tasks.migrate = { socket, ... }: { command = [ "/bin/migrate" socket.web.port 1 ]; dependsOn.db = "ready"; nice = 5; };
  heartbeats = [ ({ env, ... }: { udp = env.WEB_ADDR; processes = [ "web" ]; interval = "1m"; maxCount = 2; pattern = "(?<pid>x)"; }) ];
  pidFile = { dir, ... }: "\${dir.run}/pid";
}`

describe('a misspelt name is an evaluation error', () => {
  it.each([
    ['of a variable', '{ processes.web = { env, ... }: { command = [ env.WEB_ADR ]; }; }', "attribute 'WEB_ADR' missing"],
    ['of a file', '{ processes.web = { file, ... }: { command = [ file."web.cnf" ]; }; }', "attribute 'web.cnf' missing"],
    ['of a directory', '{ files.a = { dir, ... }: "${dir.rnu}"; }', "attribute 'rnu' missing"],
    ['of a socket', '{ processes.web = { socket, ... }: { command = [ socket.wbe.fd ]; }; }', "attribute 'wbe' missing"],
    [
      'of what a socket of its kind has',
      '{ sockets.s.unix = "/s"; processes.web = { socket, ... }: { command = [ socket.s.port ]; }; }',
      "attribute 'port' missing",
    ],
    ['of a fact about a process', '{ processes.web = { process, ... }: { command = [ process.idx ]; }; }', "attribute 'idx' missing"],
    ['of a lasting directory', '{ processes.web = { dir, ... }: { command = [ dir.sate ]; }; }', "attribute 'sate' missing"],
    ['of an offset of what is no number', '{ processes.web = { env, ... }: { command = [ env.WEB_TOKEN.offset ]; }; }', "attribute 'offset' missing"],
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
    [
      '{ procesess = { }; }',
      'mkEntrypoint: unknown key "procesess"; accepted: name, description, env, files, sockets, processes, tasks, circusIni, heartbeats, pidFile, exitPolicy',
    ],
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
    [
      dbProcess('ready = { tcp = "a:1"; unix = "/b"; };'),
      'processes.db.ready: expected exactly one of tcp, unix, http, exec, logLine, notify, fd, path; got 2',
    ],
    [dbProcess('gracefulTimeout = "ten";'), 'processes.db.gracefulTimeout: expected a duration'],
    [dbProcess('stopSignal = "TERM";'), 'processes.db.stopSignal: expected a signal'],
    [dbProcess('restart = "no";'), 'processes.db.restart: expected one of always, on-failure, never; got "no"'],
    [dbProcess('essential = "yes";'), 'processes.db.essential: expected true or false, got "yes"'],
    [dbProcess('sockets = [ "wbe" ];'), 'processes.db.sockets: expected one of ; got "wbe"'],
    [dbProcess('stdin.socket = "wbe";'), 'processes.db.sockets: expected one of ; got "wbe"'],
    [dbProcess('stdin = "tty";'), 'processes.db.stdin: expected "null" or { socket = "NAME"; }, got "tty"'],
    [dbProcess('stdout.fiel = "x";'), 'processes.db.stdout: "file" is missing'],
    [dbProcess('stdout = { file = "x"; maxByte = "1kB"; };'), 'processes.db.stdout: unknown key "maxByte"'],
    [dbProcess('stdout = { file = "x"; maxBytes = "many"; };'), 'processes.db.stdout.maxBytes: expected a size'],
    [dbProcess('stderr = "file";'), 'processes.db.stderr: expected "log", "null" or { file = …; }, got "file"'],
    [dbProcess('log.ansi = "no";'), 'processes.db.log.ansi: expected one of auto, keep, strip; got "no"'],
    [dbProcess('rlimits.nofil = 1;'), 'processes.db.rlimits: unknown key "nofil"'],
    [dbProcess('rlimits.nofile = "x";'), 'processes.db.rlimits.nofile: expected a number, "unlimited" or "SOFT:HARD", got "x"'],
    [dbProcess('nice = 20;'), 'processes.db.nice: expected an integer from -20 to 19, got 20'],
    [dbProcess('umask = "9";'), 'processes.db.umask: expected three octal digits'],
    [dbProcess('numprocesses = 1001;'), 'processes.db.numprocesses: expected an integer from 0 to 1000, got 1001'],
    [dbProcess('numprocesses = 2; singleton = true;'), 'processes.db.numprocesses: there can be one of a singleton'],
    [dbProcess('onDemand = true;'), 'processes.db.onDemand: needs sockets'],
    [dbProcess('hooks.beforStart.command = [ "x" ];'), 'processes.db.hooks: unknown key "beforStart"'],
    [dbProcess('hooks.afterStop = { };'), 'processes.db.hooks.afterStop: "command" is missing'],
    [dbProcess('schedule = { };'), 'processes.db.schedule: expected exactly one of cron, interval; got 0'],
    [dbProcess('liveness.notify = true;'), 'processes.db.liveness: unknown key "notify"'],
    [dbProcess('liveness = { tcp = ":1"; action = "kill"; };'), 'processes.db.liveness.action: expected "restart" or { signal = …; }, got "kill"'],
    [dbProcess('startup.notify = false;'), 'processes.db.startup.notify: expected true, got false'],
    [dbProcess('ready.fd = 2;'), 'processes.db.ready.fd: expected an integer from 3 to 255, got 2'],
    [dbProcess('resources = { };'), 'processes.db.resources: expected at least one of'],
    [dbProcess('resources.maxMemory = 5;'), 'processes.db.resources.maxMemory: expected a size such as "512MiB", or a share'],
    [dbProcess('successStatuses = [ 256 ];'), 'processes.db.successStatuses.0: expected an integer from 0 to 255, got 256'],
    [dbProcess('stopSignals = [ { signal = "SIGINT"; } ];'), 'processes.db.stopSignals.0: "wait" is missing'],
    [dbProcess('reload = "hard";'), 'processes.db.reload: expected "graceful", "sequential" or { signal = …; }, got "hard"'],
    [dbProcess('restartBurst = -2;'), 'processes.db.restartBurst: expected an integer of at least -1, got -2'],
    [dbProcess('flapping.atempts = 1;'), 'processes.db.flapping: unknown key "atempts"'],
    [dbProcess('dependsOn.db = { conditon = "ready"; };'), 'processes.db.dependsOn.db: unknown key "conditon"'],
    ['{ sockets.s = { }; }', 'sockets.s: expected exactly one of tcp, udp, unix, unixgram; got 0'],
    ['{ sockets.s = { tcp = ":1"; unix = "/s"; }; }', 'sockets.s: expected exactly one of tcp, udp, unix, unixgram; got 2'],
    ['{ sockets.s = { tcp = ":1"; blacklog = 1; }; }', 'sockets.s: unknown key "blacklog"'],
    ['{ sockets."a/b".tcp = ":1"; }', 'sockets.a/b: expected a name'],
    ['{ sockets.s = { env, ... }: { unix = env.WEB_TOKEN; }; }', 'sockets.s: the secret "WEB_TOKEN" would show'],
    ['{ tasks.t = { }; }', 'tasks.t: "command" is missing'],
    ['{ tasks.t = { command = [ "x" ]; restart = "never"; }; }', 'tasks.t: unknown key "restart"'],
    ['{ tasks.t = { command = [ "x" ]; dependsOn.bd = "started"; }; }', 'tasks.t.dependsOn.bd: there is no process "bd"'],
    ['{ tasks.t = { env, ... }: { command = [ env.WEB_TOKEN ]; }; }', 'tasks.t: the secret "WEB_TOKEN" would show'],
    ['{ heartbeats = [ { udp = ":1"; } ]; }', 'heartbeats.0: "processes" is missing'],
    ['{ heartbeats = [ { udp = ":1"; processes = [ "wbe" ]; } ]; }', 'heartbeats.0.processes.0: expected one of db, web; got "wbe"'],
    ['{ circusIni = [ ]; }', 'circusIni: expected a string, got a list'],
    ['{ processes.a = { env, ... }: { command = [ "x" ]; hooks.afterStop.command = [ env.WEB_TOKEN ]; }; }', 'the secret "WEB_TOKEN" would show'],
    [variable('type = "port"; default = "atuo";'), 'env.X.default: "atuo" is no port: expected 1 to 65535, or "auto"'],
    ['{ processes.a.command = [ "x" ]; processes.b = { command = [ "x" ]; dependsOn.a = "ready"; }; }', 'waits until "a" is ready'],
    ['{ processes.a = { env, ... }: { command = [ "-p${env.WEB_TOKEN.shell}" ]; }; }', 'the secret "WEB_TOKEN" would show'],
  ])('%s', async (extra, message) => {
    await expect(failure(extra)).resolves.toContain(message)
  })
})

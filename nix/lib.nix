# nixpack's Nix library: mkEntrypoint turns declared environment variables, configuration files and
# processes into a derivation that `nixpack bundle` makes one executable of. README.md has every option.
#
#   (import ./nix/lib.nix { inherit pkgs; }).mkEntrypoint { name = "web"; processes.web.command = [ … ]; }
#
# Of nixpkgs only writeTextFile is used; anything else that has it will do.
{
  pkgs ? null,
  writeTextFile ?
    if pkgs == null then throw "nixpack: lib.nix: pass pkgs or writeTextFile" else pkgs.writeTextFile,
}:

let
  checks = import ./checks.nix;
  placeholders = import ./placeholders.nix;
  checkEnv = import ./check-env.nix;
  checkFiles = import ./check-files.nix;
  checkProcesses = import ./check-processes.nix;
  checkSockets = import ./check-sockets.nix;
  checkTasks = import ./check-tasks.nix;

  accepted = [
    "name"
    "description"
    "env"
    "files"
    "sockets"
    "processes"
    "tasks"
    "circusIni"
    "heartbeats"
    "pidFile"
    "exitPolicy"
  ];

  inherit (placeholders) toText;

  applyTo = scope: declaration: if builtins.isFunction declaration then declaration scope else declaration;

  # What toJSON would not turn into the text that is meant: numbers in a command, and in places of texts.
  change =
    keys: f: declaration:
    declaration // builtins.intersectAttrs (builtins.listToAttrs (
      map (name: {
        inherit name;
        value = null;
      }) keys
    )) (builtins.mapAttrs (_: f) declaration);

  renderRun = run:
    change [ "command" "groups" "restartOnChange" ] (map toText) (
      change [ "program" "workingDirectory" "user" "group" ] toText (change [ "environment" ] (builtins.mapAttrs (_: toText)) run)
    );

  renderProbe = probe: change [ "exec" ] (map toText) (change [ "tcp" "unix" "http" "redis" "logLine" "path" ] toText probe);

  renderStream = stream: if builtins.isAttrs stream then change [ "file" ] toText stream else stream;

  renderProcess =
    process:
    change [ "startup" "ready" "liveness" ] renderProbe (
      change [ "stdout" "stderr" ] renderStream (
        change [ "hooks" ] (builtins.mapAttrs (_: change [ "command" ] (map toText))) (
          change [ "schedule" ] (change [ "cron" "timeZone" ] toText) (renderRun process)
        )
      )
    );

  renderSocket = change [ "tcp" "udp" "unix" "unixgram" "interface" ] toText;

  # Checked like every other part; what it means for the processes, the runtime checks.
  checkHeartbeat =
    exists: where: value:
    checks.record where {
      udp = checks.text;
      processes = checks.listWith exists;
      pattern = checks.text;
      interval = checks.duration;
      maxCount = checks.positive;
    } (checks.required where "processes" (checks.required where "udp" value));

  mkManifest =
    arguments:
    let
      declared = checks.keys "mkEntrypoint" accepted arguments;
      inherit (checks.required "mkEntrypoint" "name" declared) name;
      section = key: checks.ofType key [ "set" ] (declared.${key} or { });
      exitPolicy = declared.exitPolicy or "essential";
      description = checks.ofType "description" [ "string" ] (declared.description or "");
      optional = key: f: if declared ? ${key} then { ${key} = f declared.${key}; } else { };

      env = checkEnv (section "env");
      # Their kinds are needed for what can be said about them, so that only addresses may depend on the scope.
      sockets = checkSockets (builtins.mapAttrs (_: applyTo scope) (section "sockets"));
      scope = {
        env = builtins.mapAttrs placeholders.mkEnv env;
        file = builtins.mapAttrs placeholders.mkFile (section "files");
        socket = builtins.mapAttrs placeholders.mkSocket (builtins.mapAttrs (_: applyTo scope) (section "sockets"));
        inherit (placeholders) dir process;
      };
      applied = key: builtins.mapAttrs (_: applyTo scope) (section key);
      files = checkFiles (applied "files");
      processes = checkProcesses {
        inherit env sockets exitPolicy;
        isOpen = declared ? circusIni;
      } (applied "processes");
      tasks = checkTasks processes (applied "tasks");
      heartbeats = checks.listWith (checkHeartbeat processes.exists) "heartbeats" (
        map (applyTo scope) (checks.ofType "heartbeats" [ "list" ] (declared.heartbeats or [ ]))
      );
      pidFile = checks.text "pidFile" (applyTo scope declared.pidFile);
    in
    checks.checkAll
      [
        (checks.name "name" name)
        (checks.assertThat (
          builtins.stringLength name <= 40
        ) "name: at most 40 characters, as it is part of paths of sockets; got ${checks.describe name}" null)
        (checks.checkAll (builtins.attrValues env) null)
        (checks.checkAll (builtins.attrValues files) null)
        (checks.checkAll (builtins.attrValues sockets) null)
        (checks.checkAll (builtins.attrValues tasks) null)
      ]
      (
        {
          version = 1;
          inherit
            name
            description
            env
            files
            heartbeats
            exitPolicy
            ;
          sockets = builtins.mapAttrs (_: renderSocket) sockets;
          processes = builtins.mapAttrs (_: renderProcess) processes.checked;
          tasks = builtins.mapAttrs (_: renderRun) tasks;
        }
        // optional "circusIni" (ini: toText (checks.text "circusIni" ini))
        // optional "pidFile" (_: toText pidFile)
      );

  mkEntrypoint =
    arguments:
    let
      manifest = mkManifest arguments;
      inherit (manifest) name;
    in
    writeTextFile {
      inherit name;
      text = builtins.toJSON manifest;
      destination = "/share/nixpack/manifest.json";
    }
    // {
      pname = name;
      inherit manifest;
      meta = {
        mainProgram = name;
        inherit (manifest) description;
      };
    };
in
{
  inherit mkEntrypoint;
}

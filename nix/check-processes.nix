# Declared processes: their keys, and how they refer to each other and to the exit policy.
let
  checks = import ./checks.nix;
  inherit (import ./placeholders.nix) isText toText;

  accepted = [
    "command"
    "environment"
    "copyEnv"
    "workingDirectory"
    "dependsOn"
    "ready"
    "restart"
    "restartDelay"
    "restartDelayMax"
    "restartBurst"
    "restartWindow"
    "stopSignal"
    "gracefulTimeout"
    "essential"
  ];
  probes = [
    "tcp"
    "unix"
    "exec"
    "logLine"
  ];
  conditions = [
    "started"
    "ready"
    "completed_successfully"
  ];

  text = where: value: checks.assertThat (isText value) "${where}: expected a string, got ${checks.describe value}" value;
  bool = where: checks.ofType where [ "bool" ];
  textList =
    where: value:
    checks.assertThat (
      builtins.isList value && value != [ ] && builtins.all isText value
    ) "${where}: expected a list of strings that is not empty" value;

  checkReady =
    where: ready:
    let
      value = checks.keys where (
        probes
        ++ [
          "interval"
          "timeout"
        ]
      ) ready;
      chosen = builtins.filter (probe: value ? ${probe}) probes;
    in
    checks.checkAll [
      (checks.assertThat (builtins.length chosen == 1)
        "${where}: expected exactly one of ${checks.listOf probes}; got ${toString (builtins.length chosen)}"
        null
      )
      (checks.each where {
        tcp = text;
        unix = text;
        exec = textList;
        logLine = text;
        interval = checks.duration;
        timeout = checks.duration;
      } value)
    ] value;

  checkOne =
    name: declaration:
    let
      where = "processes.${name}";
      process = checks.required where "command" (checks.keys where accepted declaration);
    in
    checks.checkAll [
      (checks.name where name)
      (checks.each where {
        command = textList;
        environment =
          at: value:
          checks.checkAll (map (key: text "${at}.${key}" value.${key}) (builtins.attrNames (checks.ofType at [ "set" ] value))) value;
        copyEnv = bool;
        workingDirectory = text;
        dependsOn = at: checks.ofType at [ "set" ];
        ready = checkReady;
        restart =
          at:
          checks.oneOf at [
            "always"
            "on-failure"
            "never"
          ];
        restartDelay = checks.duration;
        restartDelayMax = checks.duration;
        restartBurst = at: checks.ofType at [ "int" ];
        restartWindow = checks.duration;
        stopSignal = at: checks.matching at "SIG[A-Z0-9]+" ''a signal such as "SIGTERM"'';
        gracefulTimeout = checks.duration;
        essential = bool;
      } process)
    ] process;

  # What only shows when all processes are known.
  checkEdges =
    processes: name:
    let
      dependsOn = processes.${name}.dependsOn or { };
      names = builtins.attrNames processes;
      checkEdge =
        target:
        let
          where = "processes.${name}.dependsOn.${target}";
          condition = dependsOn.${target};
        in
        checks.checkAll [
          (checks.assertThat (processes ? ${target}) ''${where}: there is no process "${target}"; declared: ${checks.listOf names}'' null)
          (checks.oneOf where conditions condition)
          (checks.assertThat (
            condition != "ready" || processes.${target} ? ready
          ) ''${where}: waits until "${target}" is ready, but "${target}" does not say how to tell: add ready'' null)
        ] null;
    in
    map checkEdge (builtins.attrNames dependsOn);

  findCycle =
    processes: path: name:
    if builtins.elem name path then
      throw "nixpack: processes: dependsOn is circular: ${builtins.concatStringsSep " -> " (path ++ [ name ])}"
    else
      map (findCycle processes (path ++ [ name ])) (builtins.attrNames (processes.${name}.dependsOn or { }));

  # A command line is visible to every user of the machine.
  checkSecrets =
    env: processes: name:
    let
      words = map toText (processes.${name}.command ++ (processes.${name}.ready.exec or [ ]));
      secrets = builtins.filter (variable: env.${variable}.type == "secret") (builtins.attrNames env);
      mentions =
        secret: word:
        builtins.any (
          end: builtins.replaceStrings [ "@{nixpack:env.${secret}${end}" ] [ "" ] word != word
        ) [ "}" "|" ];
    in
    map (
      secret:
      checks.assertThat (!builtins.any (mentions secret) words)
        ''processes.${name}.command: the secret "${secret}" would show in the list of processes; pass it in environment or a file''
        null
    ) secrets;

  checkExitPolicy =
    processes: policy:
    if builtins.isAttrs policy then
      let
        process = (checks.required "exitPolicy" "process" (checks.keys "exitPolicy" [ "process" ] policy)).process;
      in
      checks.oneOf "exitPolicy.process" (builtins.attrNames processes) process
    else
      checks.assertThat (
        policy == "essential" || policy == "first-failure"
      ) ''exitPolicy: expected "essential", "first-failure" or { process = "NAME"; }, got ${checks.describe policy}'' policy;
in
{ env, exitPolicy }:
declared:
let
  processes = builtins.mapAttrs checkOne declared;
  names = builtins.attrNames processes;
  all = check: builtins.deepSeq (map check names) null;
in
checks.checkAll [
  (checks.assertThat (names != [ ]) "processes: at least one process is needed" null)
  # Not deeply: a command may mention packages, whose attributes are nobody's business here.
  (checks.checkAll (builtins.attrValues processes) null)
  (all (checkEdges processes))
  (all (findCycle processes [ ]))
  (all (checkSecrets env processes))
  (checkExitPolicy processes exitPolicy)
] processes

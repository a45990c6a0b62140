# Declared processes: their keys, and how they refer to each other, to sockets and to the exit policy.
let
  checks = import ./checks.nix;
  inherit (import ./placeholders.nix) collectTexts;
  run = import ./check-run.nix;

  fields =
    run.fields
    // (import ./check-probes.nix).fields
    // (import ./check-lifecycle.nix).fields
    // (import ./check-streams.nix).fields;

  checkOne =
    name: declaration:
    let
      where = "processes.${name}";
      process = checks.required where "command" (checks.record where fields declaration);
    in
    checks.checkAll [
      (checks.name where name)
      (checks.assertThat (
        !(process.singleton or false && process.numprocesses or 1 > 1)
      ) "${where}.numprocesses: there can be one of a singleton" null)
      (checks.assertThat (
        !(process.onDemand or false) || process.sockets or [ ] != [ ] || process ? stdin
      ) "${where}.onDemand: needs sockets, as the first connection to one of them starts it" null)
    ] process;

  findCycle =
    processes: path: name:
    if builtins.elem name path then
      throw "nixpack: processes: dependsOn is circular: ${builtins.concatStringsSep " -> " (path ++ [ name ])}"
    else
      map (findCycle processes (path ++ [ name ])) (
        builtins.filter (target: processes ? ${target}) (builtins.attrNames (processes.${name}.dependsOn or { }))
      );

  checkExitPolicy =
    exists: policy:
    if builtins.isAttrs policy then
      exists "exitPolicy.process"
        (checks.required "exitPolicy" "process" (checks.keys "exitPolicy" [ "process" ] policy)).process
    else
      checks.assertThat (
        policy == "essential" || policy == "first-failure"
      ) ''exitPolicy: expected "essential", "first-failure" or { process = "NAME"; }, got ${checks.describe policy}'' policy;
in
{
  env,
  sockets,
  exitPolicy,
  # Whether a circus.ini adds processes and sockets on the target: then any name may be one of those.
  isOpen,
}:
declared:
let
  processes = builtins.mapAttrs checkOne declared;
  names = builtins.attrNames processes;
  all = check: builtins.deepSeq (map check names) null;

  exists = where: name: if isOpen then name else checks.oneOf where names name;

  checkEdge =
    where: target: edge:
    let
      isKnown = processes ? ${target};
      at = "${where}.dependsOn.${target}";
      waits = run.conditionOf edge == "ready" && (builtins.isString edge || edge ? condition);
    in
    checks.checkAll [
      (checks.assertThat (isKnown || isOpen) ''${at}: there is no process "${target}"; declared: ${checks.listOf names}'' null)
      (checks.assertThat (
        !waits || !isKnown || processes.${target} ? ready
      ) ''${at}: waits until "${target}" is ready, but "${target}" does not say how to tell: add ready'' null)
    ] null;
  checkEdges =
    where: dependsOn: builtins.deepSeq (map (target: checkEdge where target dependsOn.${target}) (builtins.attrNames dependsOn)) null;

  checkSockets =
    name:
    let
      process = processes.${name};
      used = process.sockets or [ ] ++ (if process ? stdin && builtins.isAttrs process.stdin then [ process.stdin.socket ] else [ ]);
    in
    if isOpen then null else map (checks.oneOf "processes.${name}.sockets" (builtins.attrNames sockets)) used;

  # A command line is visible to every user of the machine, and so are names of files; only environment and files are not.
  secrets = builtins.filter (variable: env.${variable}.type == "secret") (builtins.attrNames env);
  checkSecrets =
    where: declaration:
    let
      words = collectTexts (removeAttrs declaration [ "environment" ]);
      mentions =
        secret: word:
        builtins.any (
          end: builtins.replaceStrings [ "@{nixpack:env.${secret}${end}" ] [ "" ] word != word
        ) [ "}" "|" ];
      checkSecret =
        secret:
        checks.assertThat (!builtins.any (mentions secret) words)
          ''${where}: the secret "${secret}" would show in the list of processes or in a path; pass it in environment or a file''
          null;
    in
    builtins.deepSeq (map checkSecret secrets) null;
in
{
  inherit checkEdges checkSecrets exists;
  checked = checks.checkAll [
    (checks.assertThat (names != [ ] || isOpen) "processes: at least one process is needed" null)
    # Not deeply: a command may mention packages, whose attributes are nobody's business here.
    (checks.checkAll (builtins.attrValues processes) null)
    (all (name: checkEdges "processes.${name}" (processes.${name}.dependsOn or { })))
    (all (findCycle processes [ ]))
    (all checkSockets)
    (all (name: checkSecrets "processes.${name}" processes.${name}))
    (builtins.deepSeq (map (name: checkSecrets "sockets.${name}" sockets.${name}) (builtins.attrNames sockets)) null)
    (checkExitPolicy exists exitPolicy)
  ] processes;
}

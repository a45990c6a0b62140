# Declared tasks: commands that are run when somebody asks for it.
let
  checks = import ./checks.nix;
  run = import ./check-run.nix;

  check =
    processes: name: task:
    let
      where = "tasks.${name}";
    in
    checks.checkAll [
      (checks.name where name)
      (checks.record where run.fields (checks.required where "command" task))
      (processes.checkEdges where (task.dependsOn or { }))
      (processes.checkSecrets where task)
    ] task;
in
processes: builtins.mapAttrs (check processes)

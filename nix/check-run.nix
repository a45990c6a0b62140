# What processes and tasks have in common: a command and what it is run with.
let
  checks = import ./checks.nix;

  limits = [
    "as"
    "core"
    "cpu"
    "data"
    "fsize"
    "locks"
    "memlock"
    "msgqueue"
    "nice"
    "nofile"
    "nproc"
    "rss"
    "rtprio"
    "rttime"
    "sigpending"
    "stack"
  ];

  limit =
    where: value:
    if builtins.isInt value then
      checks.count where value
    else
      checks.matching where "([0-9]+|unlimited)(:([0-9]+|unlimited))?" ''a number, "unlimited" or "SOFT:HARD"'' value;

  conditions = [
    "started"
    "ready"
    "completed_successfully"
  ];
  dependency =
    where: value:
    if builtins.isAttrs value then
      checks.record where {
        condition = at: checks.oneOf at conditions;
        restart = checks.bool;
      } value
    else
      checks.oneOf where conditions value;
in
{
  conditionOf = edge: if builtins.isAttrs edge then edge.condition or "ready" else edge;

  # A check for each key.
  fields = {
    description = at: checks.ofType at [ "string" ];
    command = checks.textList;
    program = checks.text;
    environment =
      at: value: checks.checkAll (map (key: checks.text "${at}.${key}" value.${key}) (builtins.attrNames (checks.set at value))) value;
    copyEnv = checks.bool;
    workingDirectory = checks.text;
    user = checks.text;
    group = checks.text;
    groups = checks.texts;
    umask = checks.octal;
    nice = checks.integer (-20) 19;
    oomScoreAdj = checks.integer (-1000) 1000;
    rlimits =
      at: value:
      checks.each at (builtins.listToAttrs (
        map (name: {
          inherit name;
          value = limit;
        }) limits
      )) (checks.keys at limits value);
    dependsOn =
      at: value:
      checks.checkAll (map (name: dependency "${at}.${name}" value.${name}) (builtins.attrNames (checks.set at value))) value;
  };
}

# When a process runs, how it is stopped, and what is done about one that misbehaves.
let
  checks = import ./checks.nix;

  statuses = checks.listWith (
    at: value: if builtins.isInt value then checks.integer 0 255 at value else checks.signal at value
  );
  tries = checks.integer (-1) null;

  flapping =
    at:
    checks.record at {
      attempts = checks.positive;
      window = checks.duration;
      retryIn = checks.duration;
      maxRetry = tries;
    };

  memory =
    at:
    checks.matching at "[0-9]+(\\.[0-9]+)?(%| ?([kKmMgGtT][iI]?)?[bB]?)" ''a size such as "512MiB", or a share such as "10%"'';
  limits = {
    maxMemory = memory;
    minMemory = memory;
    maxCpu = checks.number;
    minCpu = checks.number;
  };
  resources =
    at: value:
    let
      names = builtins.attrNames limits;
    in
    checks.checkAll [
      (checks.record at (
        limits
        // {
          interval = checks.duration;
          maxCount = checks.positive;
          children = checks.bool;
          action = checks.wordOrSignal [ "restart" ];
        }
      ) value)
      (checks.assertThat (builtins.any (key: value ? ${key}) names) "${at}: expected at least one of ${checks.listOf names}" null)
    ] value;

  hookNames = [
    "beforeStart"
    "afterStart"
    "beforeSpawn"
    "afterSpawn"
    "beforeStop"
    "afterStop"
    "beforeSignal"
    "afterSignal"
    "beforeReap"
    "afterReap"
    "extendedStats"
  ];
  hook =
    at: value:
    checks.record at {
      command = checks.textList;
      ignoreFailure = checks.bool;
      timeout = checks.duration;
    } (checks.required at "command" value);
  hooks =
    at: value:
    checks.checkAll (map (name: hook "${at}.${name}" value.${name}) (
      builtins.attrNames (checks.keys at hookNames value)
    )) value;

  schedule =
    at: value:
    checks.exactlyOne at
      [
        "cron"
        "interval"
      ]
      (
        checks.record at {
          cron = checks.text;
          interval = checks.duration;
          timeZone = checks.text;
          runOnStart = checks.bool;
        } value
      );

  stopStep =
    at: value:
    checks.record at {
      inherit (checks) signal;
      wait = checks.duration;
    } (checks.required at "wait" (checks.required at "signal" value));
in
{
  fields = {
    autostart = checks.bool;
    oneshot = checks.bool;
    onDemand = checks.bool;
    priority = at: checks.ofType at [ "int" ];
    warmupDelay = checks.duration;
    numprocesses = checks.integer 0 1000;
    singleton = checks.bool;
    restart =
      at:
      checks.oneOf at [
        "always"
        "on-failure"
        "never"
      ];
    successStatuses = statuses;
    restartStatuses = statuses;
    preventStatuses = statuses;
    restartOnChange = checks.texts;
    restartDelay = checks.duration;
    restartDelayMax = checks.duration;
    restartBurst = tries;
    restartWindow = checks.duration;
    inherit
      flapping
      resources
      hooks
      schedule
      ;
    maxRetry = tries;
    maxAge = checks.duration;
    maxAgeVariance = checks.duration;
    stopSignal = checks.signal;
    stopSignals = checks.listWith stopStep;
    stopChildren = checks.bool;
    gracefulTimeout = checks.duration;
    reload = checks.wordOrSignal [
      "graceful"
      "sequential"
    ];
    essential = checks.bool;
  };
}

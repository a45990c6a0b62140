# How a process is asked whether it has started, is ready, is alive.
let
  checks = import ./checks.nix;

  asked = {
    tcp = checks.text;
    unix = checks.text;
    http = checks.text;
    exec = checks.textList;
  };
  told = {
    logLine = checks.text;
    notify = at: value: checks.assertThat (value == true) "${at}: expected true, got ${checks.describe value}" value;
    fd = checks.integer 3 255;
    path = checks.text;
  };
  times = {
    interval = checks.duration;
    timeout = checks.duration;
  };

  # In the order in which messages name them.
  mechanisms = [
    "tcp"
    "unix"
    "http"
    "exec"
    "logLine"
    "notify"
    "fd"
    "path"
  ];

  check =
    alternatives: fields: where: value:
    checks.checkAll [ (checks.exactlyOne where alternatives (checks.record where fields value)) ] value;
in
{
  fields = {
    startup = check mechanisms (asked // told // times);
    ready = check mechanisms (
      asked
      // told
      // times
      // {
        recheck = checks.duration;
        failureThreshold = checks.positive;
      }
    );
    liveness =
      check
        [
          "tcp"
          "unix"
          "http"
          "exec"
          "redis"
          "watchdog"
        ]
        (
          asked
          // times
          // {
            redis = checks.text;
            watchdog = checks.duration;
            initialDelay = checks.duration;
            failureThreshold = checks.positive;
            action = checks.wordOrSignal [ "restart" ];
          }
        );
  };
}

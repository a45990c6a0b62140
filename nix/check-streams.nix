# Standard input and output of a process, and how its lines are assembled.
let
  checks = import ./checks.nix;

  moments = [
    "S"
    "M"
    "H"
    "D"
    "W0"
    "W1"
    "W2"
    "W3"
    "W4"
    "W5"
    "W6"
    "midnight"
  ];

  stream =
    at: value:
    if builtins.isAttrs value then
      checks.record at {
        file = checks.text;
        maxBytes = checks.size;
        backupCount = checks.count;
        rotateWhen = where: checks.oneOf where moments;
        rotateInterval = checks.positive;
        timeFormat = checks.text;
        utc = checks.bool;
      } (checks.required at "file" value)
    else
      checks.assertThat (
        value == "log" || value == "null"
      ) ''${at}: expected "log", "null" or { file = …; }, got ${checks.describe value}'' value;

  stdin =
    at: value:
    if builtins.isAttrs value then
      checks.record at { socket = where: checks.ofType where [ "string" ]; } (checks.required at "socket" value)
    else
      checks.assertThat (value == "null") ''${at}: expected "null" or { socket = "NAME"; }, got ${checks.describe value}'' value;

  log =
    at:
    checks.record at {
      lineMax = checks.size;
      partialTimeout = checks.duration;
      ansi =
        where:
        checks.oneOf where [
          "auto"
          "keep"
          "strip"
        ];
      onSlow =
        where:
        checks.oneOf where [
          "drop"
          "block"
        ];
    };
in
{
  fields = {
    inherit stdin log;
    stdout = stream;
    stderr = stream;
    sockets = checks.listWith (at: checks.ofType at [ "string" ]);
  };
}

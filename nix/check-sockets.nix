# Declared sockets: one address each.
let
  checks = import ./checks.nix;

  kinds = [
    "tcp"
    "udp"
    "unix"
    "unixgram"
  ];

  check =
    name: socket:
    let
      where = "sockets.${name}";
    in
    checks.checkAll [
      (checks.name where name)
      (checks.exactlyOne where kinds (
        checks.record where {
          tcp = checks.text;
          udp = checks.text;
          unix = checks.text;
          unixgram = checks.text;
          mode = checks.octal;
          umask = checks.octal;
          backlog = checks.positive;
          reusePort = checks.bool;
          replace = checks.bool;
          interface = checks.text;
        } socket
      ))
    ] socket;
in
builtins.mapAttrs check

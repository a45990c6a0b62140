# Placeholders are what expressions use in place of values that only the target machine knows. They are
# attribute sets, so that a misspelt name is an evaluation error, and they turn into a text such as
# @{nixpack:env.PORT} wherever a string is expected. Each has the filters as attributes:
#
#   "${env.DIR}"         the value; in a text file it must not hold a character that could end a string
#   "${env.DIR.quote}"   a double-quoted string with \ escapes (redis.conf, C and many others)
#   "${env.DIR.json}"    a JSON value
#   "${env.DIR.shell}"   a word for sh, in single quotes
#   "${env.ADDR.host}"   part of an address or url; so is .port; filters apply to them too
#   "${env.PORT.offset}" in a process: a port or integer, plus the number of the instance minus one
rec {
  mkPlaceholder =
    reference:
    let
      text = filter: "@{nixpack:${reference}${filter}}";
    in
    {
      __toString = _: text "";
      quote = text "|quote";
      json = text "|json";
      shell = text "|shell";
    };

  # A number to which that of the instance can be added.
  mkNumber = reference: mkPlaceholder reference // { offset = "@{nixpack:${reference}|offset}"; };

  mkEnv =
    name: declaration:
    if
      builtins.elem declaration.type [
        "address"
        "url"
      ]
    then
      mkPlaceholder "env.${name}"
      // {
        host = mkPlaceholder "env.${name}.host";
        port = mkNumber "env.${name}.port";
      }
    else if
      builtins.elem declaration.type [
        "port"
        "integer"
      ]
    then
      mkNumber "env.${name}"
    else
      mkPlaceholder "env.${name}";

  mkFile = name: _: mkPlaceholder "file.${name}";

  mkAll =
    subject: names:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = mkPlaceholder "${subject}.${name}";
      }) names
    );

  dir = mkAll "dir" [
    "run"
    "tmp"
    "state"
    "log"
    "cache"
    "spool"
    "lock"
    "lib"
  ];

  # The instance of a process; its number counts from 1.
  process = mkAll "process" [
    "index"
    "name"
  ];

  # By its kind: an address has a host and a port, the others a path.
  mkSocket =
    name: socket:
    mkAll "socket.${name}" (
      [ "fd" ]
      ++ (
        if socket ? unix || socket ? unixgram then
          [ "path" ]
        else
          [
            "host"
            "port"
          ]
      )
    );

  # A string with the context of everything it mentions, so that what a command names is in the closure.
  toText =
    value:
    if builtins.isBool value then
      (if value then "true" else "false")
    else if builtins.isInt value || builtins.isFloat value then
      builtins.toJSON value
    else
      "${value}";

  # Everything that is a text in a declaration, as text.
  collectTexts =
    value:
    if isText value then
      [ (toText value) ]
    else if builtins.isList value then
      builtins.concatMap collectTexts value
    else if builtins.isAttrs value then
      builtins.concatMap collectTexts (builtins.attrValues value)
    else
      [ ];

  isText =
    value:
    builtins.isString value
    || builtins.isPath value
    || builtins.isInt value
    || builtins.isFloat value
    || builtins.isBool value
    || (builtins.isAttrs value && (value ? outPath || value ? __toString));
}

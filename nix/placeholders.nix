# Placeholders are what expressions use in place of values that only the target machine knows. They are
# attribute sets, so that a misspelt name is an evaluation error, and they turn into a text such as
# @{nixpack:env.PORT} wherever a string is expected. Each has the filters as attributes:
#
#   "${env.DIR}"         the value; in a text file it must not hold a character that could end a string
#   "${env.DIR.quote}"   a double-quoted string with \ escapes (redis.conf, C and many others)
#   "${env.DIR.json}"    a JSON value
#   "${env.DIR.shell}"   a word for sh, in single quotes
#   "${env.ADDR.host}"   part of an address or url; so is .port; filters apply to them too
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

  mkEnv =
    name: declaration:
    mkPlaceholder "env.${name}"
    // (
      if
        builtins.elem declaration.type [
          "address"
          "url"
        ]
      then
        {
          host = mkPlaceholder "env.${name}.host";
          port = mkPlaceholder "env.${name}.port";
        }
      else
        { }
    );

  mkFile = name: _: mkPlaceholder "file.${name}";

  dir = builtins.listToAttrs (
    map
      (name: {
        inherit name;
        value = mkPlaceholder "dir.${name}";
      })
      [
        "run"
        "tmp"
      ]
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

  isText =
    value:
    builtins.isString value
    || builtins.isPath value
    || builtins.isInt value
    || builtins.isFloat value
    || builtins.isBool value
    || (builtins.isAttrs value && (value ? outPath || value ? __toString));
}

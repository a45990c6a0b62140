# Small predicates over declarations. A check returns the value it was given, or throws a message that says
# where it is, what is wrong, and what would be accepted.
let
  inherit (import ./placeholders.nix) isText;
in
rec {
  listOf = names: builtins.concatStringsSep ", " names;

  describe =
    value:
    if builtins.isString value then
      ''"${value}"''
    else if builtins.isInt value || builtins.isFloat value || builtins.isBool value then
      builtins.toJSON value
    else
      typeNames.${builtins.typeOf value};

  typeNames = {
    bool = "true or false";
    float = "a number";
    int = "an integer";
    lambda = "a function";
    list = "a list";
    null = "null";
    path = "a path";
    set = "an attribute set";
    string = "a string";
  };

  assertThat =
    holds: message: value:
    if holds then value else throw "nixpack: ${message}";

  # Every check of the list, then the value.
  checkAll = checks: value: builtins.foldl' (rest: check: builtins.seq check rest) value checks;

  keys =
    where: accepted: value:
    let
      unknown = builtins.filter (key: !builtins.elem key accepted) (builtins.attrNames value);
    in
    if !builtins.isAttrs value then
      throw "nixpack: ${where}: expected an attribute set, got ${describe value}"
    else if unknown != [ ] then
      throw ''nixpack: ${where}: unknown key "${builtins.head unknown}"; accepted: ${listOf accepted}''
    else
      value;

  # An attribute set with a check for each of its keys, and no others.
  record =
    where: fields: value:
    checkAll [ (each where fields (keys where (builtins.attrNames fields) value)) ] value;

  required =
    where: key: value:
    assertThat (value ? ${key}) ''${where}: "${key}" is missing'' value;

  oneOf =
    where: accepted: value:
    assertThat (builtins.elem value accepted) "${where}: expected one of ${listOf accepted}; got ${describe value}" value;

  exactlyOne =
    where: alternatives: value:
    let
      chosen = builtins.filter (key: value ? ${key}) alternatives;
    in
    assertThat (builtins.length chosen == 1)
      "${where}: expected exactly one of ${listOf alternatives}; got ${toString (builtins.length chosen)}"
      value;

  ofType =
    where: types: value:
    assertThat (builtins.elem (builtins.typeOf value) types)
      "${where}: expected ${builtins.concatStringsSep " or " (map (type: typeNames.${type}) types)}, got ${describe value}"
      value;

  bool = where: ofType where [ "bool" ];
  set = where: ofType where [ "set" ];

  integer =
    low: high: where: value:
    assertThat (
      builtins.isInt value && value >= low && (high == null || value <= high)
    ) "${where}: expected an integer ${range low high}, got ${describe value}" value;
  count = integer 0 null;
  positive = integer 1 null;

  range =
    low: high: if high == null then "of at least ${toString low}" else "from ${toString low} to ${toString high}";

  number =
    where: value:
    assertThat (
      (builtins.isInt value || builtins.isFloat value) && value >= 0
    ) "${where}: expected a number of at least 0, got ${describe value}" value;

  text = where: value: assertThat (isText value) "${where}: expected a string, got ${describe value}" value;

  texts =
    where: value:
    assertThat (
      builtins.isList value && builtins.all isText value
    ) "${where}: expected a list of strings, got ${describe value}" value;

  textList =
    where: value:
    assertThat (
      builtins.isList value && value != [ ] && builtins.all isText value
    ) "${where}: expected a list of strings that is not empty" value;

  # Every element, with its number in the message.
  listWith =
    check: where: value:
    checkAll (builtins.genList (at: check "${where}.${toString at}" (builtins.elemAt value at)) (
      builtins.length (ofType where [ "list" ] value)
    )) value;

  matching =
    where: pattern: expected: value:
    assertThat (
      builtins.isString value && builtins.match pattern value != null
    ) "${where}: expected ${expected}, got ${describe value}" value;

  duration =
    where:
    matching where "([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+" ''a duration such as "500ms", "10s" or "1h30m"'';
  size = where: matching where "[0-9]+(\\.[0-9]+)? ?([kKmMgGtT][iI]?)?[bB]?" ''a size such as "64KiB" or "10MB"'';
  octal = where: matching where "0?[0-7]{3}" ''three octal digits such as "0660"'';
  signal = where: matching where "SIG[A-Z][A-Z0-9]+" ''a signal such as "SIGTERM"'';

  name = where: matching where "[A-Za-z0-9][A-Za-z0-9._-]{0,47}" "a name of at most 48 letters, digits, . _ and -";

  # A word, or { signal = "SIG…"; }
  wordOrSignal =
    words: where: value:
    if builtins.isAttrs value then
      record where { inherit signal; } (required where "signal" value)
    else
      assertThat (builtins.elem value words)
        "${where}: expected ${listOf (map describe words)} or { signal = …; }, got ${describe value}"
        value;

  # The check of each key that is there.
  each =
    where: checks: value:
    checkAll (map (key: checks.${key} "${where}.${key}" value.${key}) (
      builtins.filter (key: checks ? ${key}) (builtins.attrNames value)
    )) value;
}

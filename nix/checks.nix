# Small predicates over declarations. A check returns the value it was given, or throws a message that says
# where it is, what is wrong, and what would be accepted.
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

  required =
    where: key: value:
    assertThat (value ? ${key}) ''${where}: "${key}" is missing'' value;

  oneOf =
    where: accepted: value:
    assertThat (builtins.elem value accepted) "${where}: expected one of ${listOf accepted}; got ${describe value}" value;

  ofType =
    where: types: value:
    assertThat (builtins.elem (builtins.typeOf value) types)
      "${where}: expected ${builtins.concatStringsSep " or " (map (type: typeNames.${type}) types)}, got ${describe value}"
      value;

  matching =
    where: pattern: expected: value:
    assertThat (
      builtins.isString value && builtins.match pattern value != null
    ) "${where}: expected ${expected}, got ${describe value}" value;

  duration =
    where:
    matching where "([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+" ''a duration such as "500ms", "10s" or "1h30m"'';

  name = where: matching where "[A-Za-z0-9][A-Za-z0-9._-]{0,47}" "a name of at most 48 letters, digits, . _ and -";

  # The check of each key that is there.
  each =
    where: checks: value:
    checkAll (map (key: checks.${key} "${where}.${key}" value.${key}) (
      builtins.filter (key: checks ? ${key}) (builtins.attrNames value)
    )) value;
}

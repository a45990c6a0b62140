# Declared environment variables. The runtime reads their values; what can be wrong about a declaration
# alone is found here.
let
  checks = import ./checks.nix;

  types = [
    "string"
    "integer"
    "number"
    "boolean"
    "port"
    "address"
    "url"
    "path"
    "directory"
    "duration"
    "bytes"
    "enum"
    "secret"
  ];
  accepted = [
    "type"
    "default"
    "description"
    "required"
    "min"
    "max"
    "values"
  ];
  numeric = [
    "integer"
    "number"
    "port"
  ];
  ranged = numeric ++ [
    "duration"
    "bytes"
  ];

  defaultTypes =
    type:
    if type == "integer" then
      [ "int" ]
    else if type == "port" then
      [
        "int"
        "string"
      ]
    else if type == "number" then
      [
        "int"
        "float"
      ]
    else if type == "boolean" then
      [ "bool" ]
    else if type == "bytes" then
      [
        "string"
        "int"
      ]
    else
      [ "string" ];

  checkDefault =
    where: variable:
    if !(variable ? default) then
      [ ]
    else
      let
        at = "${where}.default";
        value = variable.default;
        shown = checks.describe value;
        isAutomatic = variable.type == "port" && value == "auto";
        isNumeric = builtins.elem variable.type numeric && !isAutomatic;
      in
      [
        (checks.ofType at (defaultTypes variable.type) value)
        (checks.assertThat (!(variable.required or false)) ''${at}: a variable with "required = true" has no use for a default'' null)
        (checks.assertThat (
          variable.type != "port" || isAutomatic || (builtins.isInt value && value >= 1 && value <= 65535)
        ) ''${at}: ${shown} is no port: expected 1 to 65535, or "auto"'' null)
        (checks.assertThat (!(isNumeric && variable ? min) || value >= variable.min) "${at}: ${shown} is less than min" null)
        (checks.assertThat (!(isNumeric && variable ? max) || value <= variable.max) "${at}: ${shown} is greater than max" null)
        (checks.assertThat (
          variable.type != "enum" || builtins.elem value variable.values
        ) "${at}: ${shown} is not among the values" null)
      ];

  check =
    name: declaration:
    let
      where = "env.${name}";
      variable = checks.required where "type" (checks.keys where accepted declaration);
      isEnum = variable.type == "enum";
      limits = builtins.filter (key: variable ? ${key}) [
        "min"
        "max"
      ];
      text = at: checks.ofType at [ "string" ];
      limit =
        at:
        checks.ofType at (
          if builtins.elem variable.type numeric then
            [
              "int"
              "float"
            ]
          else
            [
              "string"
              "int"
            ]
        );
    in
    checks.checkAll (
      [
        (checks.matching where "[A-Za-z_][A-Za-z0-9_]*" "the name of an environment variable" name)
        (checks.assertThat (builtins.match "NIXPACK_.*" name == null) "${where}: names that start with NIXPACK_ are reserved" null)
        (checks.oneOf "${where}.type" types variable.type)
        (checks.each where {
          description = text;
          required = at: checks.ofType at [ "bool" ];
          min = limit;
          max = limit;
        } variable)
        (checks.assertThat (
          limits == [ ] || builtins.elem variable.type ranged
        ) "${where}: min and max are for the types ${checks.listOf ranged}" null)
        (checks.assertThat (isEnum == (variable ? values)) ''${where}: "values" goes with the type enum, and only with it'' null)
        (checks.assertThat (
          !isEnum
          || (builtins.isList variable.values && variable.values != [ ] && builtins.all builtins.isString variable.values)
        ) "${where}.values: expected a list of strings that is not empty" null)
      ]
      ++ checkDefault where variable
    ) variable;
in
builtins.mapAttrs check

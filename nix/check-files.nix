# Declared configuration files, brought into the two forms of the manifest: a text, or a value and the
# format it is written in.
let
  checks = import ./checks.nix;

  formats = [
    "json"
    "yaml"
    "toml"
    "ini"
  ];
  accepted = [
    "text"
    "format"
    "value"
    "mode"
  ];

  check =
    name: declaration:
    let
      where = "files.\"${name}\"";
      file =
        if builtins.isString declaration then { text = declaration; } else checks.keys where accepted declaration;
      isStructured = file ? format || file ? value;
    in
    checks.checkAll [
      (checks.name where name)
      (checks.assertThat (file ? text != isStructured) "${where}: expected a text, or a format with a value" null)
      (checks.assertThat (file ? format == file ? value) "${where}: format and value go together" null)
      (checks.each where {
        text = at: checks.ofType at [ "string" ];
        format = at: checks.oneOf at formats;
        mode = at: checks.matching at "0?[0-7]{3}" ''file permissions such as "0600"'';
      } file)
    ] file;
in
builtins.mapAttrs check

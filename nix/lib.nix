# nixpack's Nix library: mkEntrypoint turns declared environment variables, configuration files and
# processes into a derivation that `nixpack bundle` makes one executable of. README.md has every option.
#
#   (import ./nix/lib.nix { inherit pkgs; }).mkEntrypoint { name = "web"; processes.web.command = [ … ]; }
#
# Of nixpkgs only writeTextFile is used; anything else that has it will do.
{
  pkgs ? null,
  writeTextFile ?
    if pkgs == null then throw "nixpack: lib.nix: pass pkgs or writeTextFile" else pkgs.writeTextFile,
}:

let
  checks = import ./checks.nix;
  placeholders = import ./placeholders.nix;
  checkEnv = import ./check-env.nix;
  checkFiles = import ./check-files.nix;
  checkProcesses = import ./check-processes.nix;

  accepted = [
    "name"
    "description"
    "env"
    "files"
    "processes"
    "exitPolicy"
  ];

  applyTo = scope: declaration: if builtins.isFunction declaration then declaration scope else declaration;

  # What toJSON would not turn into the text that is meant: numbers in a command, paths, packages.
  renderProcess =
    process:
    let
      inherit (placeholders) toText;
      change = key: f: if process ? ${key} then { ${key} = f process.${key}; } else { };
    in
    process
    // change "command" (map toText)
    // change "environment" (builtins.mapAttrs (_: toText))
    // change "workingDirectory" toText
    // change "ready" (builtins.mapAttrs (key: if key == "exec" then map toText else toText));

  mkManifest =
    arguments:
    let
      declared = checks.keys "mkEntrypoint" accepted arguments;
      inherit (checks.required "mkEntrypoint" "name" declared) name;
      section = key: checks.ofType key [ "set" ] (declared.${key} or { });
      exitPolicy = declared.exitPolicy or "essential";
      description = checks.ofType "description" [ "string" ] (declared.description or "");

      env = checkEnv (section "env");
      scope = {
        env = builtins.mapAttrs placeholders.mkEnv env;
        file = builtins.mapAttrs placeholders.mkFile (section "files");
        inherit (placeholders) dir;
      };
      files = checkFiles (builtins.mapAttrs (_: applyTo scope) (section "files"));
      processes = checkProcesses { inherit env exitPolicy; } (
        builtins.mapAttrs (_: applyTo scope) (section "processes")
      );
    in
    checks.checkAll
      [
        (checks.name "name" name)
        (checks.assertThat (
          builtins.stringLength name <= 40
        ) "name: at most 40 characters, as it is part of paths of sockets; got ${checks.describe name}" null)
        (checks.checkAll (builtins.attrValues env) null)
        (checks.checkAll (builtins.attrValues files) null)
      ]
      {
        version = 1;
        inherit
          name
          description
          env
          files
          exitPolicy
          ;
        processes = builtins.mapAttrs (_: renderProcess) processes;
      };

  mkEntrypoint =
    arguments:
    let
      manifest = mkManifest arguments;
      inherit (manifest) name;
    in
    writeTextFile {
      inherit name;
      text = builtins.toJSON manifest;
      destination = "/share/nixpack/manifest.json";
    }
    // {
      pname = name;
      inherit manifest;
      meta = {
        mainProgram = name;
        inherit (manifest) description;
      };
    };
in
{
  inherit mkEntrypoint;
}

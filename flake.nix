{
  description = "Packs the closure of a Nix derivation into one executable that runs on any Linux host";

  outputs = _: {
    # lib.mkEntrypoint { inherit pkgs; name = "web"; … }: see nix/README.md. No nixpkgs of our own is needed.
    lib.mkEntrypoint =
      { pkgs, ... }@arguments:
      (import ./nix/lib.nix { inherit pkgs; }).mkEntrypoint (builtins.removeAttrs arguments [ "pkgs" ]);
  };
}

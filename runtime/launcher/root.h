// The new root: all of / mirrored, our store at /nix/store. Called in a private mount namespace, in this order.
#ifndef NP_ROOT_H
#define NP_ROOT_H

#include <stdbool.h>

#include "engine.h"

// Where the old root is until np_root_finish, and where a cache lies when the host has no usable directory.
#define NP_OLD_ROOT "/.nixpack-host"
#define NP_OWN_CACHE "/.nixpack-cache"

// The current directory is bound to /nix/store of the new root, which becomes /. An open descriptor would not do:
// only the current directory is carried over into the new namespace. Without `bind_store` /nix/store stays empty.
int np_root_begin(bool bind_store, struct np_cause *cause);
// Without a cache on the host: our own store at /nix/store.
int np_root_bind_own_store(struct np_cause *cause);
// Mirrors /, joins the host's own store, drops the old root.
int np_root_finish(struct np_cause *cause);

// In root-store.c: the host's store paths beside ours.
int np_root_join_stores(struct np_cause *cause);
// Binds, creates a directory or re-creates a symlink for one entry; entries that vanished are no error.
int np_root_mirror_entry(int from_dir, const char *from, const char *name, const char *to, struct np_cause *cause);

#endif

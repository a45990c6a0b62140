// The ways to make the closure usable: each is tried for real, in a process that can be thrown away, before it is used.
#ifndef NP_ENGINE_H
#define NP_ENGINE_H

#include "error.h"
#include "place.h"

// The system call that decided, its errno, and what it was about.
struct np_cause {
  char call[64];
  int error;
  char subject[NAME_MAX + 1];
};

int np_cause_set(struct np_cause *cause, const char *call);
int np_cause_about(struct np_cause *cause, const char *call, const char *subject);

struct np_engine {
  const char *name;
  // Runs in a throw-away child. -1 with the cause.
  int (*trial)(struct np_place *place, struct np_cause *cause);
  // 0: place->engine, entrypoint and runtime are set; 1: not possible after all, try another one; -1: failed.
  int (*provide)(struct np_place *place, struct np_error *error);
};

extern const struct np_engine np_engine_host;
extern const struct np_engine np_engine_mount;
extern const struct np_engine np_engine_userns;
extern const struct np_engine np_engine_relocate;
extern const struct np_engine np_engine_nix_dir;

// In the order in which they are tried for `bundle`.
#define NP_ENGINE_COUNT 5
void np_engine_order(const struct np_bundle *bundle, const struct np_engine *order[NP_ENGINE_COUNT]);
// In a child of this process.
int np_engine_try(const struct np_engine *engine, struct np_place *place, struct np_cause *cause);

// Makes the bundle's store paths usable: cache directory, engine and unpacking in their order.
int np_engine_provide(struct np_place *place, struct np_error *error);

// In engine-memory.c: the engine that worked last time, as long as nothing has changed that could change the answer. NULL: none.
const struct np_engine *np_engine_recall(const struct np_place *place, const struct np_engine *const order[NP_ENGINE_COUNT]);
void np_engine_remember(const struct np_place *place, const struct np_engine *engine);

// In engine-namespaces.c: private namespaces for this process, which must have one thread.
int np_enter_mount(struct np_cause *cause);
int np_enter_userns(struct np_cause *cause);

// Marks and locks of the engine nix-dir; on the file system of the store, so that a path can be published by renaming it.
#define NP_STATE_DIR NP_STORE_DIR "/.nixpack"

// In engine-nix-dir.c: what an earlier start has put into the host's store; -1 with errno.
int np_nix_dir_open(struct np_cache *cache);

// In engine-host.c: NULL when the host's own path can be used in place of the bundle's, else what failed, with errno.
const char *np_host_path_problem(const struct np_bundle *bundle, uint32_t path);
// Whether nobody but root and this user can change what is in the host's /nix/store. -1 with the cause.
int np_host_check_store(struct np_cause *cause);

#endif

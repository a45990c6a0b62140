// The ways to make /nix/store appear. `mount` and `userns` differ in how they get a mount namespace.
#ifndef NP_ENGINE_H
#define NP_ENGINE_H

#include "error.h"

// The system call that decided, and its errno.
struct np_cause {
  char call[64];
  int error;
};

struct np_engine {
  const char *name;
  // Enters private namespaces; the process must have one thread.
  int (*enter)(struct np_cause *cause);
  // A likely reason for a failed trial, in a few words.
  const char *(*explain)(const struct np_cause *cause);
};

int np_cause_set(struct np_cause *cause, const char *call);

// The first engine whose trial succeeds, or the one that NIXPACK_ENGINE names.
const struct np_engine *np_engine_choose(struct np_error *error);

extern const struct np_engine np_engine_mount;
extern const struct np_engine np_engine_userns;

#endif

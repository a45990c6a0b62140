#ifndef NP_FLAGS_H
#define NP_FLAGS_H

#include <stdbool.h>

#include "bundle.h"

bool np_flags_are_ours(const struct np_bundle *bundle, char **argv);
// Runs argv[1], one of our own options; the exit status, or -1.
int np_flags_run(struct np_bundle *bundle, char **argv, struct np_error *error);

// In extract.c: the store paths of the bundle as files below `target`, which must not exist or be empty.
int np_extract(const struct np_bundle *bundle, const char *target, struct np_error *error);

#endif

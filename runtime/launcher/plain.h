#ifndef NP_PLAIN_H
#define NP_PLAIN_H

#include "bundle.h"

// Replaces this process by the bundle's program; returns only on failure.
int np_plain_exec(const struct np_bundle *bundle, char **argv, struct np_error *error);

#endif

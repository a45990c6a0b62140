#ifndef NP_PLAIN_H
#define NP_PLAIN_H

#include "place.h"

// Replaces this process by the bundle's program; returns only on failure.
int np_plain_exec(struct np_place *place, char **argv, struct np_error *error);

#endif

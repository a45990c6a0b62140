#ifndef NP_COMPOSED_H
#define NP_COMPOSED_H

#include "place.h"

// Runs the supervisor below init and warden. Frees the bundle; the exit status of the supervisor, or -1.
int np_composed_run(struct np_place *place, char **argv, struct np_error *error);

#endif

// `up --detach`: the bundle goes on in a session of its own, and who started it waits until it has arrived.
#ifndef NP_DETACH_H
#define NP_DETACH_H

#include <stdbool.h>

#include "error.h"

// Only where it cannot be the argument of another program: as the first word, or behind the first word `up`.
bool np_detach_is_wanted(char *const *argv);

// 0 in the process that goes on; in the one that waits the exit status, when it is known; -1 with the error.
// What is written to descriptors 1 and 2 is shown by the one that waits, on its standard error, up to a NUL byte; the
// byte behind that is the status, written to the descriptor in NIXPACK_DETACH_FD.
int np_detach(bool *goes_on, struct np_error *error);

#endif

#ifndef NP_IN_USE_H
#define NP_IN_USE_H

#include <stdint.h>

#include "names.h"

// Which of the names of store paths (sorted) are part of the name of a file that some process has mapped, as its program or a
// library; `used` is sorted. Whoever uses one that matters was started at least `age` seconds ago. -1: that cannot be told.
int np_in_use(const struct np_names *names, int64_t age, struct np_names *used);

#endif

#ifndef NP_INDEX_CHECK_H
#define NP_INDEX_CHECK_H

#include "bundle.h"

// NULL when every record agrees with every other; otherwise what is wrong.
const char *np_index_problem(const struct np_bundle *bundle);

#endif

// From an index to a /nix/store that holds its paths: engine, cache, unpacking and mounting in their order.
#ifndef NP_STORE_H
#define NP_STORE_H

#include "bundle.h"

// *engine: the name of the one in use.
int np_store_provide(const struct np_bundle *bundle, const char **engine, struct np_error *error);

#endif

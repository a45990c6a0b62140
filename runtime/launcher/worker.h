// The process that unpacks. It has threads and much memory, which the launcher must not have: the launcher goes on to
// unshare() (refused for threads) and to stay as init. After the unpacking it syncs in the background.
#ifndef NP_WORKER_H
#define NP_WORKER_H

#include "bundle.h"
#include "cache.h"

// Returns when every path is usable; syncing and cleaning go on behind.
int np_worker_unpack(const struct np_bundle *bundle, const struct np_cache *cache, struct np_error *error);

#endif

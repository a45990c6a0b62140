// Makes every store path of a bundle present in the cache.
#ifndef NP_UNPACK_H
#define NP_UNPACK_H

#include "bundle.h"
#include "cache.h"

// How many paths are not yet usable; *pending: whether some wait for their durable mark.
uint32_t np_unpack_missing(const struct np_bundle *bundle, const struct np_cache *cache, bool *pending);

// Threads, locks and much memory: to be called in a process of its own.
int np_unpack_run(const struct np_bundle *bundle, const struct np_cache *cache, struct np_error *error);

#endif

// What is unpacked, against the hash that the index has of it.
#ifndef NP_VERIFY_H
#define NP_VERIFY_H

#include "bundle.h"
#include "cache.h"

// *intact: the path in the cache is there and has its NAR hash. -1: that cannot be told, for want of memory or descriptors.
int np_verify_path(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path, bool *intact, struct np_error *error);

// A path of an earlier boot that was never synced: intact, it is good for this boot. The caller holds the path's lock.
bool np_verify_revive(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);

// In verify-run.c: --nixpack-verify. The exit status, or -1.
int np_verify_run(const struct np_bundle *bundle, bool repair, struct np_error *error);

#endif

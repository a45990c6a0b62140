#ifndef NP_SETTLE_H
#define NP_SETTLE_H

#include "bundle.h"
#include "cache.h"

// Syncs what was published, marks it durable, and removes what killed processes left. Best effort: the next start retries.
void np_settle(const struct np_bundle *bundle, const struct np_cache *cache);

#endif

#ifndef NP_HOLLOW_H
#define NP_HOLLOW_H

#include "bundle.h"
#include "cache.h"

// Paths of the bundle in which something is missing lose their marks: the next look takes them for NP_STALE, so that they are
// verified and, when the hash says so too, unpacked anew.
void np_hollow_unmark(const struct np_cache *cache, const struct np_bundle *bundle);

#endif

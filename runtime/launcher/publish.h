// Moves a complete store path to its final name. The caller holds the path's lock.
#ifndef NP_PUBLISH_H
#define NP_PUBLISH_H

#include "cache.h"
#include "session.h"

int np_publish(const struct np_cache *cache, const struct np_session *session, const struct np_bundle *bundle, uint32_t path, struct np_error *error);

#endif

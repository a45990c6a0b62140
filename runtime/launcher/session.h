// One process's private directory in <cache>/tmp, alive as long as its flock is held.
#ifndef NP_SESSION_H
#define NP_SESSION_H

#include "cache.h"

struct np_session {
  int dir;
  char name[64];
};

int np_session_open(struct np_session *session, const struct np_cache *cache, struct np_error *error);
void np_session_close(struct np_session *session, const struct np_cache *cache);

bool np_session_leftovers(const struct np_cache *cache);
// Removes what killed processes left behind.
void np_session_clean(const struct np_cache *cache);

#endif

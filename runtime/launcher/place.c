#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lease.h"
#include "unpack.h"
#include "worker.h"

int np_place_find(struct np_place *p, bool relocated, struct np_error *error) {
  if (p->has_cache && (!relocated || np_relocation_problem(p->bundle, p->cache.path) == NULL)) return 0;
  np_place_close(p);
  const struct np_cache_request request = { .bundle = p->bundle, .relocated = relocated, .first = p->next };
  int found = np_cache_find(&p->cache, &request, error);
  p->has_cache = found == 0;
  return found;
}

static void release(struct np_place *p) {
  if (p->lease > 2) close(p->lease);
  if (p->directory > 2) close(p->directory);
  p->lease = p->directory = -1;
}

void np_place_lease(struct np_place *p) {
  release(p);
  p->lease = np_lease_take(&p->cache, p->bundle);
  p->directory = np_lease_hold_directory(&p->cache);
}

static int unpack_here(struct np_place *p, bool relocated, struct np_error *error) {
  if (relocated && p->cache.relocation == NULL && np_cache_use_tree(&p->cache, p->bundle, &p->relocation, error) != 0) return -1;
  bool pending;
  p->cache.elsewhere = p->elsewhere;
  np_place_lease(p);
  p->has_unpacked = np_unpack_missing(p->bundle, &p->cache, &pending) > 0;
  return np_worker_unpack(p->bundle, &p->cache, error);
}

static bool is_forced(void) {
  const char *forced = getenv("NIXPACK_CACHE_DIR");
  return forced != NULL && forced[0] != '\0';
}

int np_place_unpack(struct np_place *p, bool relocated, struct np_error *error) {
  struct np_error first;
  bool has_failed = false;
  for (;;) {
    struct np_error latest;
    int found = np_place_find(p, relocated, &latest);
    if (found == 0 && unpack_here(p, relocated, &latest) == 0) return 0;
    if (!has_failed) first = latest;
    has_failed = true;
    *error = first;
    if (found != 0) return found;
    // A disk that is full or fails: the next directory may be on another one. Anything else is the bundle's fault.
    if (latest.code != NP_CACHE_UNWRITABLE || is_forced()) return -1;
    p->next = p->cache.candidate + 1;
    np_place_close(p);
  }
}

void np_place_name(struct np_place *p, const char *store) {
  const struct np_bundle *b = p->bundle;
  snprintf(p->entrypoint, sizeof p->entrypoint, "%s/%s", store, np_cache_name(&p->cache, b, b->entrypoint));
  if (b->composed) snprintf(p->runtime, sizeof p->runtime, "%s/%s", store, np_cache_name(&p->cache, b, b->runtime));
}

void np_place_close(struct np_place *p) {
  release(p);
  if (p->cache.relocation != NULL) np_relocation_free(&p->relocation);
  p->cache.relocation = NULL;
  if (p->has_cache) np_cache_close(&p->cache);
  p->has_cache = false;
}

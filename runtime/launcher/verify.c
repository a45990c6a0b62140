#include "verify.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "nar.h"

int np_verify_path(const struct np_cache *cache, const struct np_bundle *b, uint32_t path, bool *intact, struct np_error *error) {
  uint8_t digest[NP_SHA256_SIZE];
  const struct np_rewriter *backward = cache->relocation != NULL ? &cache->relocation->backward : NULL;
  *intact = false;
  if (np_nar_hash(cache->store, np_cache_name(cache, b, path), backward, digest, error) != 0)
    return errno == ENOMEM || errno == EMFILE || errno == ENFILE ? -1 : 0;
  *intact = memcmp(digest, b->paths[path].nar_hash, sizeof digest) == 0;
  return 0;
}

bool np_verify_revive(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  struct np_error error;
  bool intact;
  if (np_cache_presence(cache, b, path) != NP_STALE || np_verify_path(cache, b, path, &intact, &error) != 0) return false;
  // Whoever waits for the lock sees that this process gets on.
  (void)futimens(cache->locks, NULL);
  return intact && np_cache_mark_pending(cache, b, path) == 0;
}

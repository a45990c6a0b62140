// Cleaners of /tmp and /var/tmp remove files that nobody has read for long, and leave the directories. The sizes alone are looked
// at, since this happens before a start; only of a path without any contents the hash costs as little.
#include "hollow.h"

#include "fd.h"
#include "path-lock.h"
#include "tree-size.h"
#include "verify.h"

static bool is_whole(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  struct np_error error;
  uint64_t bytes;
  bool intact;
  if (b->paths[path].unpacked_size == 0) return np_verify_path(cache, b, path, &intact, &error) != 0 || intact;
  return np_tree_size(cache->store, np_cache_name(cache, b, path), &bytes) == 0 && bytes == b->paths[path].unpacked_size;
}

void np_hollow_unmark(const struct np_cache *cache, const struct np_bundle *b) {
  for (uint32_t i = 0; i < b->path_count; i++) {
    if ((cache->elsewhere != NULL && cache->elsewhere[i]) || !np_cache_holds(cache, b, i) || is_whole(cache, b, i)) continue;
    const char *name = np_cache_name(cache, b, i);
    // Held: somebody is replacing it already.
    cleanup_fd int lock = np_path_lock(cache->locks, name);
    if (lock < 0 || is_whole(cache, b, i)) continue;
    np_cache_unmark(cache, b, i);
  }
}

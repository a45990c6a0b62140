#include "settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "fd.h"
#include "session.h"

// The list is made before the sync: a path published meanwhile has to wait for the next one.
static uint32_t list_pending(const struct np_bundle *b, const struct np_cache *cache, uint32_t *list) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < b->path_count; i++)
    if (np_cache_presence(cache, b, i) == NP_PENDING) list[count++] = i;
  return count;
}

void np_settle(const struct np_bundle *b, const struct np_cache *cache) {
  if (cache->volatile_store || cache->read_only) return;
  cleanup_fd int lock = openat(cache->locks, ".settle", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  // Where locks do not work several may do it at once, which is more work and no harm.
  if (lock < 0 || (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)) return;
  np_session_clean(cache);
  uint32_t *pending = malloc(b->path_count * sizeof *pending);
  if (pending == NULL) return;
  uint32_t count = list_pending(b, cache, pending);
  if (count > 0 && syncfs(cache->store) == 0)
    for (uint32_t i = 0; i < count; i++) (void)np_cache_mark_durable(cache, b, pending[i]);
  free(pending);
}

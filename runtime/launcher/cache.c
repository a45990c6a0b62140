#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define DURABLE "ok"

static int open_sub(int dir, const char *name) {
  if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST) return -1;
  return openat(dir, name, OPEN_DIR);
}

// Without /proc no boot can be told from another: what this process publishes is good for this process until it is synced.
static void name_boot(struct np_cache *cache) {
  struct timespec now;
  if (np_read_text(AT_FDCWD, "/proc/sys/kernel/random/boot_id", cache->boot, sizeof cache->boot) > 0) {
    cache->boot[strcspn(cache->boot, "\n")] = '\0';
    return;
  }
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(cache->boot, sizeof cache->boot, "%ld-%lld-%ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
}

int np_cache_open_at(struct np_cache *cache, int dir, const char *path) {
  cache->dir = dir;
  snprintf(cache->path, sizeof cache->path, "%s", path);
  cache->store = open_sub(dir, "store");
  cache->tmp = open_sub(dir, "tmp");
  cache->locks = open_sub(dir, "locks");
  cache->durable = open_sub(dir, "durable");
  cache->pending = open_sub(dir, "pending");
  if (cache->store < 0 || cache->tmp < 0 || cache->locks < 0 || cache->durable < 0 || cache->pending < 0) {
    int saved = errno;
    np_cache_close(cache);
    errno = saved;
    return -1;
  }
  // The store is seen as /nix/store, where other users' processes (a service that drops root) must be able to look up names.
  (void)fchmod(cache->store, 0755);
  name_boot(cache);
  return 0;
}

void np_cache_close(struct np_cache *cache) {
  int *fds[] = { &cache->dir, &cache->store, &cache->tmp, &cache->locks, &cache->durable, &cache->pending };
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
    if (*fds[i] >= 0) close(*fds[i]);
    *fds[i] = -1;
  }
}

enum np_presence np_cache_presence(const struct np_cache *cache, const char *name) {
  char mark[80];
  struct stat status;
  if (fstatat(cache->store, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return NP_MISSING;
  if (np_read_text(cache->durable, name, mark, sizeof mark) > 0 && strcmp(mark, DURABLE) == 0) return NP_DURABLE;
  if (np_read_text(cache->pending, name, mark, sizeof mark) > 0 && strcmp(mark, cache->boot) == 0) return NP_PENDING;
  return NP_STALE;
}

static int write_mark(int dir, const char *name, const char *text) {
  cleanup_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd < 0 ? -1 : np_write_all(fd, text, strlen(text));
}

int np_cache_mark_pending(const struct np_cache *cache, const char *name) {
  // A mark left by a path that was damaged or removed must not vouch for its successor.
  if (unlinkat(cache->durable, name, 0) != 0 && errno != ENOENT) return -1;
  return write_mark(cache->pending, name, cache->boot);
}

int np_cache_mark_durable(const struct np_cache *cache, const char *name) {
  if (write_mark(cache->durable, name, DURABLE) != 0) return -1;
  (void)unlinkat(cache->pending, name, 0);
  return 0;
}

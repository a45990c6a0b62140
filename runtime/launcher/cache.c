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
#define CLAIMED "claimed"

static int open_sub(const struct np_cache *cache, const char *name) {
  if (!cache->read_only && mkdirat(cache->dir, name, 0700) != 0 && errno != EEXIST) return -1;
  return openat(cache->dir, name, OPEN_DIR);
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

// One way of writing it: relocated files hold it.
static void name_path(char *to, const char *from) {
  size_t used = 0;
  for (; *from != '\0' && used + 1 < PATH_MAX; from++)
    if (*from != '/' || used == 0 || to[used - 1] != '/') to[used++] = *from;
  to[used] = '\0';
}

int np_cache_open_at(struct np_cache *cache, int dir, const char *path) {
  cache->dir = dir;
  name_path(cache->path, path);
  cache->store = open_sub(cache, "store");
  cache->tmp = open_sub(cache, "tmp");
  cache->locks = open_sub(cache, "locks");
  cache->durable = open_sub(cache, "durable");
  cache->pending = open_sub(cache, "pending");
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

const char *np_cache_name(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  return cache->relocation != NULL ? cache->relocation->names[path] : b->paths[path].name;
}

#define MARK_SIZE (NAME_MAX + 80)

// "<state> <base name>": the state is "ok", "claimed" (nothing yet), or the boot in which the path was published.
static enum np_presence read_mark(int dir, const char *name, const char *state, const char *base) {
  char mark[MARK_SIZE];
  if (np_read_text(dir, name, mark, sizeof mark) <= 0) return NP_MISSING;
  mark[strcspn(mark, "\n")] = '\0';
  char *space = strchr(mark, ' ');
  if (space == NULL) return NP_STALE;
  *space = '\0';
  if (strcmp(space + 1, base) != 0) return NP_FOREIGN;
  return strcmp(mark, state) == 0 ? NP_DURABLE : NP_STALE;
}

enum np_presence np_cache_presence(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  const char *name = np_cache_name(cache, b, path), *base = b->paths[path].name;
  struct stat status;
  if (cache->elsewhere != NULL && cache->elsewhere[path]) return NP_DURABLE;
  bool is_there = fstatat(cache->store, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_there && cache->relocation == NULL) return NP_MISSING;
  enum np_presence durable = is_there ? read_mark(cache->durable, name, DURABLE, base) : NP_MISSING;
  if (durable == NP_DURABLE || durable == NP_FOREIGN) return durable;
  enum np_presence pending = read_mark(cache->pending, name, cache->boot, base);
  if (!is_there) return pending == NP_FOREIGN ? NP_FOREIGN : NP_MISSING;
  // One mark may have taken the other's place just now.
  if (pending == NP_MISSING && read_mark(cache->durable, name, DURABLE, base) == NP_DURABLE) return NP_DURABLE;
  return pending == NP_DURABLE ? NP_PENDING : pending == NP_FOREIGN ? NP_FOREIGN : NP_STALE;
}

bool np_cache_holds(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  enum np_presence presence = np_cache_presence(cache, b, path);
  return presence == NP_PENDING || presence == NP_DURABLE;
}

static int write_mark(int dir, const char *name, const char *state, const char *base) {
  char mark[MARK_SIZE];
  int length = snprintf(mark, sizeof mark, "%s %s\n", state, base);
  cleanup_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  return fd < 0 ? -1 : np_write_all(fd, mark, (size_t)length);
}

int np_cache_claim(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  const char *name = np_cache_name(cache, b, path), *base = b->paths[path].name;
  if (np_cache_holds(cache, b, path) || read_mark(cache->pending, name, cache->boot, base) != NP_MISSING) return 0;
  return write_mark(cache->pending, name, CLAIMED, base);
}

void np_cache_unmark(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  const char *name = np_cache_name(cache, b, path);
  // A path without any mark would be taken for the host's own in its /nix/store, by whoever comes after us when we are killed.
  if (write_mark(cache->pending, name, CLAIMED, b->paths[path].name) != 0) (void)unlinkat(cache->pending, name, 0);
  (void)unlinkat(cache->durable, name, 0);
}

int np_cache_mark_pending(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  const char *name = np_cache_name(cache, b, path);
  // A mark left by a path that was damaged or removed must not vouch for its successor.
  if (unlinkat(cache->durable, name, 0) != 0 && errno != ENOENT) return -1;
  return write_mark(cache->pending, name, cache->boot, b->paths[path].name);
}

int np_cache_mark_durable(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  const char *name = np_cache_name(cache, b, path);
  if (write_mark(cache->durable, name, DURABLE, b->paths[path].name) != 0) return -1;
  (void)unlinkat(cache->pending, name, 0);
  return 0;
}

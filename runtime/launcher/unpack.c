// Rounds: take every lock that is free, unpack those paths in parallel, release; then wait for one lock of somebody else.
// Nothing is held while waiting, so launchers whose bundles share paths cannot block each other in a circle.
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "path-lock.h"
#include "pool.h"
#include "publish.h"
#include "session.h"
#include "verify.h"

// Without any sign of progress from whoever holds the lock. Tests have less patience.
#ifndef NP_LOCK_TIMEOUT_S
#define NP_LOCK_TIMEOUT_S 300
#endif
#define FDS_RESERVED 160

struct round {
  const struct np_bundle *bundle;
  const struct np_cache *cache;
  struct np_session session;
  int *locks;       // by path number, -1 where none is held
  uint32_t *taken;  // path numbers
  uint32_t taken_count;
};

uint32_t np_unpack_missing(const struct np_bundle *b, const struct np_cache *cache, bool *pending) {
  uint32_t missing = 0;
  *pending = false;
  for (uint32_t i = 0; i < b->path_count; i++) {
    enum np_presence presence = np_cache_presence(cache, b, i);
    if (presence != NP_PENDING && presence != NP_DURABLE) missing++;
    if (presence == NP_PENDING) *pending = true;
  }
  return missing;
}

static void release(struct round *round, uint32_t path) {
  if (round->locks[path] >= 0) close(round->locks[path]);
  round->locks[path] = -1;
}

static int finish_path(void *context, uint32_t path, struct np_error *error) {
  struct round *round = context;
  if (np_publish(round->cache, &round->session, round->bundle, path, error) != 0) return -1;
  release(round, path);
  return 0;
}

static int lock_failed(const struct round *round, const char *name, struct np_error *error) {
  return np_fail(error, NP_CACHE_UNWRITABLE, "cannot lock \"%s/locks/%s\": %s", round->cache->path, name, strerror(errno));
}

// 0: locked (or the file system knows no locks), 1: another process holds it, -1: failed.
static int try_lock(struct round *round, uint32_t path, struct np_error *error) {
  const char *name = np_cache_name(round->cache, round->bundle, path);
  int fd = np_path_lock(round->cache->locks, name);
  if (fd < 0) return errno == EWOULDBLOCK ? 1 : lock_failed(round, name, error);
  round->locks[path] = fd;
  return 0;
}

static uint32_t lock_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 2 * FDS_RESERVED ? (uint32_t)(limit.rlim_cur < 65536 ? limit.rlim_cur : 65536) - FDS_RESERVED : 8;
}

// *blocked: a path that another process is unpacking, or path_count.
static int take_locks(struct round *round, uint32_t limit, uint32_t *blocked, struct np_error *error) {
  const struct np_bundle *b = round->bundle;
  round->taken_count = 0;
  *blocked = b->path_count;
  for (uint32_t i = 0; i < b->path_count && round->taken_count < limit; i++) {
    if (np_cache_holds(round->cache, b, i)) continue;
    int busy = try_lock(round, i, error);
    if (busy < 0) return -1;
    if (busy > 0) {
      if (*blocked == b->path_count) *blocked = i;
    } else if (np_cache_holds(round->cache, b, i) || np_verify_revive(round->cache, b, i)) {
      release(round, i);
    } else {
      round->taken[round->taken_count++] = i;
    }
  }
  return 0;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Every unpacked frame moves it on, whoever unpacked it: a slow disk alone is no reason to give up.
static int64_t progress_of(const struct np_cache *cache) {
  struct stat status;
  return fstat(cache->locks, &status) == 0 ? (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec : 0;
}

// Polling, because a timed wait for flock would need a signal of the user's program.
static int await_lock(struct round *round, uint32_t path, struct np_error *error) {
  const char *name = np_cache_name(round->cache, round->bundle, path);
  int64_t deadline = 0, seen = -1;
  struct timespec pause = { .tv_nsec = 2000000 };
  for (;;) {
    int busy = try_lock(round, path, error);
    if (busy < 0) return -1;
    if (busy == 0) {
      release(round, path);
      return 0;
    }
    if (np_cache_holds(round->cache, round->bundle, path)) return 0;
    int64_t progress = progress_of(round->cache);
    if (progress != seen) deadline = now_ms() + NP_LOCK_TIMEOUT_S * 1000;
    else if (now_ms() >= deadline) break;
    seen = progress;
    nanosleep(&pause, NULL);
    if (pause.tv_nsec < 30000000) pause.tv_nsec += pause.tv_nsec / 4;
  }
  np_fail(error, NP_CACHE_LOCK_TIMEOUT, "cannot lock \"%s/locks/%s\": another process holds it and has not got on for %d s", round->cache->path, name,
          NP_LOCK_TIMEOUT_S);
  np_hint(error, "end the process that holds it (fuser shows it), or set NIXPACK_CACHE_DIR to another directory");
  return -1;
}

static int run_rounds(struct round *round, struct np_error *error) {
  const struct np_bundle *b = round->bundle;
  uint32_t limit = lock_limit(), blocked;
  for (;;) {
    if (take_locks(round, limit, &blocked, error) != 0) return -1;
    if (round->taken_count > 0) {
      struct np_pool_work work = { .bundle = b, .root = round->session.dir,
                                   .rewriter = round->cache->relocation != NULL ? &round->cache->relocation->forward : NULL, .paths = round->taken,
                                   .path_count = round->taken_count, .progress = round->cache->locks, .done = finish_path, .context = round };
      if (np_pool_run(&work, error) != 0) return -1;
    } else if (blocked < b->path_count) {
      if (await_lock(round, blocked, error) != 0) return -1;
    } else {
      return 0;
    }
  }
}

// What has no room is the directory: the names of the files in it say nothing to whoever has to make some.
static int name_cache(const struct np_cache *cache, struct np_error *error) {
  const struct np_error cause = *error;
  if (cause.code != NP_CACHE_UNWRITABLE) return -1;
  if (strstr(cause.message, cache->path) == NULL) np_fail(error, cause.code, "cannot unpack into \"%.500s\": %s", cache->path, cause.message);
  np_hint(error, "%s", cause.hint[0] != '\0' ? cause.hint : "make room in it, or set NIXPACK_CACHE_DIR to another directory");
  return -1;
}

int np_unpack_run(const struct np_bundle *b, const struct np_cache *cache, struct np_error *error) {
  struct round round = { .bundle = b, .cache = cache };
  int result = -1;
  if (np_session_open(&round.session, cache, error) != 0) return name_cache(cache, error);
  round.locks = malloc(b->path_count * sizeof *round.locks);
  round.taken = malloc(b->path_count * sizeof *round.taken);
  if (round.locks != NULL && round.taken != NULL) {
    for (uint32_t i = 0; i < b->path_count; i++) round.locks[i] = -1;
    result = run_rounds(&round, error);
    for (uint32_t i = 0; i < b->path_count; i++) release(&round, i);
  } else {
    np_fail(error, NP_CACHE_UNWRITABLE, "cannot unpack the bundle: out of memory");
  }
  np_session_close(&round.session, cache);
  free(round.locks);
  free(round.taken);
  return result == 0 ? 0 : name_cache(cache, error);
}

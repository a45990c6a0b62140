// Engine `nix-dir`: who may write to / (root in a container, without the right to mount) gets a real /nix/store.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "fd.h"
#include "own-path.h"
#include "worker.h"

// Somebody else's trial may remove the directories that it made itself.
#define ATTEMPTS 3
#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

// *created: how many directories were missing.
static int make_store(int *created, struct np_cause *cause) {
  static const char *const parts[] = { "/nix", NP_STORE_DIR };
  *created = 0;
  for (int i = 0; i < 2; i++) {
    if (mkdir(parts[i], 0755) == 0) {
      (void)chmod(parts[i], 0755);
      ++*created;
    } else if (errno != EEXIST) {
      return np_cause_about(cause, "mkdir", parts[i]);
    }
  }
  return 0;
}

static void remove_store(int created) {
  if (created > 0) (void)rmdir(NP_STORE_DIR);
  if (created > 1) (void)rmdir("/nix");
}

static int probe_store(struct np_cause *cause) {
  char name[64];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(name, sizeof name, NP_STORE_DIR "/.nixpack-%ld-%ld", (long)getpid(), now.tv_nsec);
  if (mkdir(name, 0700) != 0) return np_cause_about(cause, "mkdir", NP_STORE_DIR);
  int dir = open(name, OPEN_DIR);
  const char *problem = dir < 0 ? "open" : np_cache_probe(dir);
  if (problem != NULL) (void)np_cause_about(cause, problem, NP_STORE_DIR);
  if (dir >= 0) (void)unlinkat(dir, NP_PROBE, 0);
  if (dir >= 0) close(dir);
  (void)rmdir(name);
  return problem == NULL ? 0 : -1;
}

// What an earlier start has left is enough. /nix/store keeps its time stamps then, with which the engine is remembered.
static bool has_state(void) {
  struct stat status;
  cleanup_fd int dir = open(NP_STATE_DIR, OPEN_DIR);
  return dir >= 0 && fstat(dir, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 077) == 0 && np_cache_probe(dir) == NULL;
}

// Leaves nothing behind.
static int try_nix_dir(struct np_place *place, struct np_cause *cause) {
  (void)place;
  for (int i = 0;; i++) {
    int created = 0, result = make_store(&created, cause);
    if (result == 0) result = np_host_check_store(cause);
    if (result == 0 && !has_state()) result = probe_store(cause);
    remove_store(created);
    if (result == 0 || cause->error != ENOENT || i == ATTEMPTS) return result;
  }
}

int np_nix_dir_open(struct np_cache *cache) {
  cleanup_fd int dir = open(NP_STATE_DIR, OPEN_DIR);
  cleanup_fd int store = open(NP_STORE_DIR, OPEN_DIR);
  struct stat status;
  if (dir < 0 || store < 0 || fstat(dir, &status) != 0) return -1;
  if (status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
    errno = EPERM;
    return -1;
  }
  memset(cache, 0, sizeof *cache);
  const int taken = dir;
  dir = -1;
  if (np_cache_open_at(cache, taken, NP_STATE_DIR) != 0) return -1;
  close(cache->store);
  cache->store = store;
  store = -1;
  return 0;
}

static int open_state(struct np_place *p) {
  if (mkdir(NP_STATE_DIR, 0700) != 0 && errno != EEXIST) return -1;
  p->has_cache = np_nix_dir_open(&p->cache) == 0;
  return p->has_cache ? 0 : -1;
}

// What is there and was not put there by us is the host's own.
static bool is_ours(const struct np_cache *cache, const char *name) {
  struct stat status;
  return fstatat(cache->store, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || np_is_own_path(cache->store, cache->durable, cache->pending, name);
}

static int unpack(struct np_place *p, bool *elsewhere, struct np_error *error) {
  const struct np_bundle *b = p->bundle;
  for (uint32_t i = 0; i < b->path_count; i++) {
    elsewhere[i] = !is_ours(&p->cache, b->paths[i].name);
    const char *problem = elsewhere[i] ? np_host_path_problem(b, i) : NULL;
    if (problem == NULL) continue;
    np_fail(error, NP_STORE_UNAVAILABLE, "cannot use \"" NP_STORE_DIR "/%s\" of the host: %s: %s", b->paths[i].name, problem, strerror(errno));
    np_hint(error, "repair it with nix-store --repair-path, or set NIXPACK_ENGINE=relocate");
    return 1;
  }
  p->cache.elsewhere = elsewhere;
  np_place_lease(p);
  return np_worker_unpack(b, &p->cache, error);
}

static int provide_nix_dir(struct np_place *p, struct np_error *error) {
  struct np_cause cause;
  int created, opened = -1;
  np_place_close(p);
  for (int i = 0; i <= ATTEMPTS && opened != 0 && (i == 0 || errno == ENOENT); i++) opened = make_store(&created, &cause) == 0 ? open_state(p) : -1;
  if (opened != 0) {
    np_fail(error, NP_STORE_UNAVAILABLE, "cannot use \"" NP_STATE_DIR "\": %s", strerror(errno));
    np_hint(error, "remove it, or set NIXPACK_ENGINE=relocate");
    return 1;
  }
  bool *elsewhere = calloc(p->bundle->path_count, sizeof *elsewhere);
  if (elsewhere == NULL) return np_fail(error, NP_STORE_UNAVAILABLE, "cannot unpack the bundle: out of memory");
  int result = unpack(p, elsewhere, error);
  p->cache.elsewhere = NULL;
  free(elsewhere);
  if (result == 0) np_place_name(p, NP_STORE_DIR);
  return result;
}

const struct np_engine np_engine_nix_dir = { "nix-dir", try_nix_dir, provide_nix_dir };

// Engine `host`: the host's own /nix/store holds every path of the closure already.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "fd.h"
#include "format.h"
#include "own-path.h"
#include "tree-size.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

// Nix holds a lock beside a path while it builds or copies it; a lock that cannot be looked at may be held.
static bool is_being_made(const char *name) {
  char lock[sizeof NP_STORE_DIR + NAME_MAX + 8];
  snprintf(lock, sizeof lock, NP_STORE_DIR "/%s.lock", name);
  cleanup_fd int fd = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno != ENOENT;
  return flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

const char *np_host_path_problem(const struct np_bundle *b, uint32_t path) {
  const char *name = b->paths[path].name;
  char file[sizeof NP_STORE_DIR + NAME_MAX + 2];
  struct stat status;
  uint64_t size = 0;
  snprintf(file, sizeof file, NP_STORE_DIR "/%s", name);
  if (lstat(file, &status) != 0) return "lstat";
  // Attack prevented: a path of the right size that another user has put there.
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    errno = EPERM;
    return "owner";
  }
  if (is_being_made(name)) {
    errno = EBUSY;
    return "lock";
  }
  if (np_tree_size(AT_FDCWD, file, &size) != 0) return "read";
  if (size == b->paths[path].unpacked_size) return NULL;
  errno = EBADMSG;
  return "size";
}

// Attack prevented: another user who exchanges a path, or the whole store, after it was looked at.
int np_host_check_store(struct np_cause *cause) {
  static const char *const dirs[] = { NP_STORE_DIR, "/nix" };
  struct stat status;
  for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
    if (stat(dirs[i], &status) != 0) return np_cause_about(cause, "stat", dirs[i]);
    if ((status.st_uid == 0 || status.st_uid == geteuid()) && ((status.st_mode & 002) == 0 || (status.st_mode & S_ISVTX) != 0)) continue;
    errno = EPERM;
    return np_cause_about(cause, "owner", dirs[i]);
  }
  return 0;
}

static int try_host(struct np_place *place, struct np_cause *cause) {
  const struct np_bundle *b = place->bundle;
  if (np_host_check_store(cause) != 0) return -1;
  cleanup_fd int store = open(NP_STORE_DIR, OPEN_DIR);
  cleanup_fd int durable = open(NP_STATE_DIR "/durable", OPEN_DIR);
  cleanup_fd int pending = open(NP_STATE_DIR "/pending", OPEN_DIR);
  for (uint32_t i = 0; i < b->path_count; i++) {
    if (i == b->runtime) continue;
    // Without the lease of its own engine the collector would not know that it is in use.
    bool is_own = np_is_own_path(store, durable, pending, b->paths[i].name);
    if (is_own) errno = EBUSY;
    const char *problem = is_own ? "mark" : np_host_path_problem(b, i);
    if (problem != NULL) return np_cause_about(cause, problem, b->paths[i].name);
  }
  return 0;
}

// The runtime of a composed bundle is no path that Nix knows; it runs from wherever it is unpacked.
static int provide_runtime(struct np_place *place, struct np_error *error) {
  const struct np_bundle *b = place->bundle;
  bool *elsewhere = malloc(b->path_count * sizeof *elsewhere);
  if (elsewhere == NULL) return np_fail(error, NP_STORE_UNAVAILABLE, "cannot use the host's /nix/store: out of memory");
  for (uint32_t i = 0; i < b->path_count; i++) elsewhere[i] = i != b->runtime;
  place->elsewhere = elsewhere;
  int found = np_place_unpack(place, false, error);
  int length = snprintf(place->runtime, sizeof place->runtime, "%s/store/%s", place->cache.path, b->paths[b->runtime].name);
  // The dynamic linker takes a list of directories.
  if (found == 0 && ((size_t)length >= sizeof place->runtime || strpbrk(place->cache.path, ":;") != NULL)) {
    np_fail(error, NP_STORE_UNAVAILABLE, "cannot run the supervisor from \"%s\": its path is too long or holds a separator of lists", place->cache.path);
    np_hint(error, "set NIXPACK_CACHE_DIR to a directory with a short path without : and ;");
    found = 1;
  }
  place->elsewhere = place->cache.elsewhere = NULL;
  free(elsewhere);
  return found;
}

static int provide_host(struct np_place *place, struct np_error *error) {
  const struct np_bundle *b = place->bundle;
  snprintf(place->entrypoint, sizeof place->entrypoint, NP_STORE_DIR "/%s", b->paths[b->entrypoint].name);
  return b->composed ? provide_runtime(place, error) : 0;
}

const struct np_engine np_engine_host = { "host", try_host, provide_host };

#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tree.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static int publish_failed(const struct np_cache *cache, const char *name, struct np_error *error) {
  int reason = errno;
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot publish \"%s/store/%s\": %s", cache->path, name, strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT) np_hint(error, "free some space, or set NIXPACK_CACHE_DIR to a directory on another disk");
  return -1;
}

static void set_mode(int dir, const char *name, unsigned mode) {
  struct stat status;
  if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) (void)fchmodat(dir, name, mode, 0);
}

// What is there cannot be trusted; the session's end deletes it. Programs that run from it keep the files that they have open, and
// find the new ones under the same names: with the exchange there is no instant without. 0: the new path is in place.
static int replace_stale(const struct np_cache *cache, const struct np_session *session, const char *base, const char *name) {
  char aside[NAME_MAX + 8];
  // Moving a directory rewrites its "..", so it has to be writable.
  set_mode(cache->store, name, 0755);
  if (syscall(SYS_renameat2, session->dir, base, cache->store, name, RENAME_EXCHANGE) == 0) return 0;
  snprintf(aside, sizeof aside, ".%.250s", name);
  return renameat(cache->store, name, session->dir, aside) == 0 ? 1 : -1;
}

// Only possible when two bundles meet in a tree that knows neither: the next start sees it and takes another tree.
static int name_taken(const struct np_cache *cache, const char *name, struct np_error *error) {
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot publish \"%s/%s\": the name has just been taken by another store path", cache->relocation->tree, name);
  np_hint(error, "start it again");
  return -1;
}

int np_publish(const struct np_cache *cache, const struct np_session *session, const struct np_bundle *b, uint32_t path, struct np_error *error) {
  const char *base = b->paths[path].name, *name = np_cache_name(cache, b, path);
  if (np_tree_seal(session->dir, base, 0555, error) != 0) return -1;
  enum np_presence there = np_cache_presence(cache, b, path);
  if (there == NP_PENDING || there == NP_DURABLE) return 0;
  if (there == NP_FOREIGN) return name_taken(cache, name, error);
  int left = there == NP_STALE ? replace_stale(cache, session, base, name) : 1;
  if (left < 0 || np_cache_mark_pending(cache, b, path) != 0) return publish_failed(cache, name, error);
  if (left > 0 && renameat(session->dir, base, cache->store, name) != 0) {
    // Where locks do not work somebody else may have won the race; what has the final name is complete.
    return errno == ENOTEMPTY || errno == EEXIST ? 0 : publish_failed(cache, name, error);
  }
  set_mode(cache->store, name, 0555);
  return 0;
}

#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

static int publish_failed(const struct np_cache *cache, const char *name, struct np_error *error) {
  int reason = errno;
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot publish \"%s/store/%s\": %s", cache->path, name, strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT) np_hint(error, "free some space, or set NIXPACK_CACHE_DIR to a directory on another disk");
  return -1;
}

// A path of an earlier boot that was never synced; the session's end deletes it.
static int move_stale_aside(const struct np_cache *cache, const struct np_session *session, const char *name) {
  char aside[NAME_MAX + 8];
  struct stat status;
  // Moving a directory rewrites its "..", so it has to be writable.
  if (fstatat(cache->store, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
    (void)fchmodat(cache->store, name, 0755, 0);
  snprintf(aside, sizeof aside, ".%.250s", name);
  return renameat(cache->store, name, session->dir, aside);
}

// Only possible when two bundles meet in a tree that knows neither: the next start sees it and takes another tree.
static int name_taken(const struct np_cache *cache, const char *name, struct np_error *error) {
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot publish \"%s/%s\": the name has just been taken by another store path", cache->relocation->tree, name);
  np_hint(error, "start it again");
  return -1;
}

int np_publish(const struct np_cache *cache, const struct np_session *session, const struct np_bundle *b, uint32_t path, struct np_error *error) {
  const char *base = b->paths[path].name, *name = np_cache_name(cache, b, path);
  struct stat status;
  if (np_tree_seal(session->dir, base, 0555, error) != 0) return -1;
  enum np_presence there = np_cache_presence(cache, b, path);
  if (there == NP_PENDING || there == NP_DURABLE) return 0;
  if (there == NP_FOREIGN) return name_taken(cache, name, error);
  if (there == NP_STALE && move_stale_aside(cache, session, name) != 0) return publish_failed(cache, name, error);
  if (np_cache_mark_pending(cache, b, path) != 0) return publish_failed(cache, name, error);
  if (renameat(session->dir, base, cache->store, name) != 0) {
    // Where locks do not work somebody else may have won the race; what has the final name is complete.
    return errno == ENOTEMPTY || errno == EEXIST ? 0 : publish_failed(cache, name, error);
  }
  if (fstatat(cache->store, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode))
    (void)fchmodat(cache->store, name, 0555, 0);
  return 0;
}

#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "tree.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define ATTEMPTS 16
#define PREFIX "unpack-"

// Between mkdir and flock the directory looks abandoned, and a cleaner may remove it.
static bool is_linked(const struct np_cache *cache, const struct np_session *session) {
  struct stat named, opened;
  return fstatat(cache->tmp, session->name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(session->dir, &opened) == 0 &&
         named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

int np_session_open(struct np_session *session, const struct np_cache *cache, struct np_error *error) {
  for (int i = 0; i < ATTEMPTS; i++) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(session->name, sizeof session->name, PREFIX "%ld-%lld-%ld-%d", (long)getpid(), (long long)now.tv_sec, now.tv_nsec, i);
    if (mkdirat(cache->tmp, session->name, 0700) != 0) {
      if (errno == EEXIST) continue;
      break;
    }
    session->dir = openat(cache->tmp, session->name, OPEN_DIR);
    if (session->dir < 0 && errno == ENOENT) continue;
    if (session->dir < 0) break;
    // A file system without flock costs only the protection from cleaners, which need the same lock.
    if ((flock(session->dir, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && is_linked(cache, session)) return 0;
    close(session->dir);
    errno = EAGAIN;
  }
  session->dir = -1;
  return np_fail(error, NP_CACHE_UNWRITABLE, "cannot create a directory in \"%s/tmp\": %s", cache->path, strerror(errno));
}

void np_session_close(struct np_session *session, const struct np_cache *cache) {
  if (session->dir < 0) return;
  (void)np_tree_remove(cache->tmp, session->name);
  close(session->dir);
  session->dir = -1;
}

// Accident prevented: what somebody else keeps in a directory called tmp is not ours to remove.
static bool is_session(const char *name) {
  return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

static DIR *open_tmp(const struct np_cache *cache) {
  int fd = openat(cache->dir, "tmp", OPEN_DIR);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (dir == NULL && fd >= 0) close(fd);
  return dir;
}

bool np_session_leftovers(const struct np_cache *cache) {
  DIR *dir = open_tmp(cache);
  bool found = false;
  if (dir == NULL) return false;
  for (struct dirent *entry; !found && (entry = readdir(dir)) != NULL;) found = is_session(entry->d_name);
  closedir(dir);
  return found;
}

void np_session_clean(const struct np_cache *cache) {
  DIR *dir = open_tmp(cache);
  if (dir == NULL) return;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (!is_session(entry->d_name)) continue;
    cleanup_fd int owned = openat(cache->tmp, entry->d_name, OPEN_DIR);
    if (owned >= 0 && flock(owned, LOCK_EX | LOCK_NB) == 0) (void)np_tree_remove(cache->tmp, entry->d_name);
  }
  closedir(dir);
}

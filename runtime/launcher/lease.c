#include "lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "hollow.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define ATTEMPTS 16
#define GATE_WAIT_MS 3000
// How long a look at all sizes is believed. Far less than a day: what runs keeps its entry young, and may be started again after a cleaner.
#define LOOK_S 600

void np_root_name(const struct np_cache *cache, const struct np_bundle *b, char name[NP_ROOT_NAME_SIZE]) {
  for (int i = 0; i < NP_SHA256_SIZE; i++) snprintf(name + 2 * i, 3, "%02x", b->identity[i]);
  char *suffix = name + 2 * NP_SHA256_SIZE;
  if (cache->relocation == NULL) snprintf(suffix, 8, ".store");
  else snprintf(suffix, 8, ".%lu", strtoul(strrchr(cache->relocation->tree, '/') + 1, NULL, 10) % NP_TREE_COUNT);
}

// Polling, because a timed wait for flock would need a signal. Where locks do not work nobody collects.
int np_roots_open(const struct np_cache *cache, int operation) {
  if (mkdirat(cache->dir, NP_ROOTS, 0700) != 0 && errno != EEXIST) return -1;
  int fd = openat(cache->dir, NP_ROOTS, OPEN_DIR);
  const struct timespec pause = { .tv_nsec = 1000000 };
  for (int waited = 0; fd >= 0 && flock(fd, operation | LOCK_NB) != 0; waited++) {
    if (operation == LOCK_SH && (errno != EWOULDBLOCK || waited >= GATE_WAIT_MS)) break;
    if (errno != EWOULDBLOCK || waited >= GATE_WAIT_MS) {
      np_close_cleanup(&fd);
      return -1;
    }
    nanosleep(&pause, NULL);
  }
  return fd;
}

// The names of the paths on disk, one on a line.
static char *render(const struct np_cache *cache, const struct np_bundle *b, size_t *size) {
  size_t room = 1;
  for (uint32_t i = 0; i < b->path_count; i++) room += strlen(np_cache_name(cache, b, i)) + 1;
  char *text = malloc(room), *at = text;
  for (uint32_t i = 0; text != NULL && i < b->path_count; i++) {
    if (cache->elsewhere != NULL && cache->elsewhere[i]) continue;
    at = stpcpy(at, np_cache_name(cache, b, i));
    *at++ = '\n';
  }
  *size = (size_t)(at - text);
  return text;
}

// Complete under its name, or not there; as old as can be until the paths have been looked at.
static int write_root(const struct np_cache *cache, int roots, const char *name, const char *text, size_t size, bool replace) {
  static const struct timespec never[2] = { { .tv_sec = 0 }, { .tv_sec = 0 } };
  char temporary[64];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(temporary, sizeof temporary, "root-%ld-%lld-%ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
  cleanup_fd int fd = openat(cache->tmp, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  int result = np_write_all(fd, text, size);
  if (result == 0) result = futimens(fd, never);
  // Of two starts that create it one has to wait for the other's: a lease on a file without a name would be none.
  if (result == 0 && (replace || (linkat(cache->tmp, temporary, roots, name, 0) != 0 && errno != EEXIST)))
    result = renameat(cache->tmp, temporary, roots, name);
  (void)unlinkat(cache->tmp, temporary, 0);
  return result;
}

static bool has_content(int fd, const char *text, size_t size) {
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_size != (off_t)size) return false;
  char *content = malloc(size + 1);
  bool same = content != NULL && np_pread_all(fd, content, size, 0) == 0 && memcmp(content, text, size) == 0;
  free(content);
  return same;
}

static bool is_linked(int roots, const char *name, int fd) {
  struct stat named, opened;
  return fstatat(roots, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino;
}

static int open_root(const struct np_cache *cache, const struct np_bundle *b, int roots) {
  char name[NP_ROOT_NAME_SIZE];
  size_t size;
  char *text = render(cache, b, &size);
  int found = -1;
  np_root_name(cache, b, name);
  for (int i = 0; text != NULL && found < 0 && i < ATTEMPTS; i++) {
    int fd = openat(roots, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) break;
    if (fd >= 0 && has_content(fd, text, size)) {
      // Only a collector without the gate could hold it; the entry is dead then.
      bool is_leased = flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK;
      if (is_leased && is_linked(roots, name, fd)) found = fd;
    }
    if (found < 0 && write_root(cache, roots, name, text, size, fd >= 0) != 0) i = ATTEMPTS;
    if (found < 0 && fd >= 0) close(fd);
  }
  free(text);
  return found;
}

int np_lease_take(const struct np_cache *cache, const struct np_bundle *b) {
  struct stat status;
  if (cache->volatile_store || cache->read_only) return -1;
  int roots = np_roots_open(cache, LOCK_SH);
  if (roots < 0) return -1;
  int lease = open_root(cache, b, roots);
  np_close_cleanup(&roots);
  if (lease < 0 || fstat(lease, &status) != 0) return lease;
  // A time stamp of the future (a clock that was wrong) counts as old.
  int64_t age = (int64_t)time(NULL) - status.st_mtim.tv_sec;
  if (age >= 0 && age < LOOK_S) return lease;
  np_hollow_unmark(cache, b);
  (void)futimens(lease, NULL);
  return lease;
}

// Relocated trees of a cache directory. What is in one depends on the path under which it is seen: a record names that path, and
// a cache that was moved or mounted elsewhere gets another tree.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "fd.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define TREES "trees"

// A record appears complete or not at all.
static int write_record(const struct np_cache *cache, const char *name, const char *tree) {
  char temporary[64];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(temporary, sizeof temporary, "record-%ld-%lld-%ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
  cleanup_fd int fd = openat(cache->tmp, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  int result = np_write_all(fd, tree, strlen(tree));
  if (result == 0 && linkat(cache->tmp, temporary, cache->dir, name, 0) != 0 && errno != EEXIST)
    result = faccessat(cache->dir, name, F_OK, 0) == 0 ? 0 : renameat(cache->tmp, temporary, cache->dir, name);
  int saved = errno;
  (void)unlinkat(cache->tmp, temporary, 0);
  errno = saved;
  return result;
}

// 0: it is ours; 1: it is another directory's, or not there and not to be created.
static int check_record(const struct np_cache *cache, unsigned number, const char *tree, bool create) {
  char name[16], record[PATH_MAX];
  snprintf(name, sizeof name, TREES "/%u", number);
  ssize_t size = np_read_text(cache->dir, name, record, sizeof record);
  if (size <= 0 || record[0] == '\0') {
    if ((size < 0 && errno != ENOENT) || !create) return 1;
    // A power cut may leave one that is empty or full of zeros. It never got to the disk, so nothing in the tree is durable either.
    if (size >= 0 && unlinkat(cache->dir, name, 0) != 0 && errno != ENOENT) return -1;
    if (mkdirat(cache->dir, TREES, 0700) != 0 && errno != EEXIST) return -1;
    if (write_record(cache, name, tree) != 0) return -1;
    if (np_read_text(cache->dir, name, record, sizeof record) < 0) return -1;
  }
  return strcmp(record, tree) == 0 ? 0 : 1;
}

static int open_sub(const struct np_cache *cache, const char *name, bool create) {
  if (create && mkdirat(cache->dir, name, 0700) != 0 && errno != EEXIST) return -1;
  return openat(cache->dir, name, OPEN_DIR);
}

static int open_directories(struct np_cache *cache, const char *tree, unsigned number, bool create) {
  static const char *const marks[] = { "locks", "durable", "pending" };
  int *fds[] = { &cache->store, &cache->locks, &cache->durable, &cache->pending };
  int opened[4] = { open_sub(cache, strrchr(tree, '/') + 1, create), -1, -1, -1 };
  char name[32];
  for (int i = 0; i < 3 && opened[i] >= 0; i++) {
    snprintf(name, sizeof name, TREES "/%u.%s", number, marks[i]);
    opened[i + 1] = open_sub(cache, name, create);
  }
  int saved = errno;
  for (int i = 0; i < 4; i++) {
    int unused = opened[3] >= 0 ? *fds[i] : opened[i];
    if (unused >= 0) close(unused);
    if (opened[3] >= 0) *fds[i] = opened[i];
  }
  errno = saved;
  return opened[3] >= 0 ? 0 : -1;
}

int np_cache_open_tree(struct np_cache *cache, const struct np_bundle *b, struct np_relocation *relocation, unsigned number, bool create) {
  char tree[NP_TREE_MAX + 1];
  create = create && !cache->read_only;
  if (np_relocation_tree(tree, cache->path, number) != 0) return 1;
  int found = check_record(cache, number, tree, create);
  if (found != 0) return found;
  if (open_directories(cache, tree, number, create) != 0) return create ? -1 : 1;
  // Where a service drops root, its processes must be able to look up names here.
  if (create) (void)fchmod(cache->store, 0755);
  if (np_relocation_create(relocation, b, tree) != 0) {
    errno = ENOMEM;
    return -1;
  }
  cache->relocation = relocation;
  return 0;
}

static bool is_ambiguous(const struct np_cache *cache, const struct np_bundle *b) {
  for (uint32_t i = 0; i < b->path_count; i++)
    if (np_cache_presence(cache, b, i) == NP_FOREIGN) return true;
  return false;
}

// Two bundles may look at an empty tree at the same time. Whoever holds this lock needs it for milliseconds; one that was stopped
// meanwhile must not stop everybody else, who then take their chance.
static int lock_tree(const struct np_cache *cache) {
  const struct timespec pause = { .tv_nsec = 2000000 };
  int fd = openat(cache->locks, ".", OPEN_DIR);
  for (int i = 0; fd >= 0 && i < 1000 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; i++) nanosleep(&pause, NULL);
  return fd;
}

// 0: every name is this bundle's now; 1: one belongs to another path; -1: failed, with errno.
static int claim_tree(const struct np_cache *cache, const struct np_bundle *b) {
  uint32_t held = 0;
  if (is_ambiguous(cache, b)) return 1;
  while (held < b->path_count && np_cache_holds(cache, b, held)) held++;
  if (held == b->path_count || cache->read_only) return 0;
  cleanup_fd int lock = lock_tree(cache);
  if (is_ambiguous(cache, b)) return 1;
  for (uint32_t i = 0; i < b->path_count; i++)
    if (np_cache_claim(cache, b, i) != 0) return -1;
  return 0;
}

int np_cache_use_tree(struct np_cache *cache, const struct np_bundle *b, struct np_relocation *relocation, struct np_error *error) {
  for (unsigned number = 0; number < NP_TREE_COUNT; number++) {
    int result = np_cache_open_tree(cache, b, relocation, number, true);
    if (result == 0 && (result = claim_tree(cache, b)) != 0) {
      int saved = errno;
      np_relocation_free(relocation);
      cache->relocation = NULL;
      errno = saved;
    }
    if (result < 0) {
      np_fail(error, NP_CACHE_UNWRITABLE, "cannot create a tree for relocated store paths in \"%s\": %s", cache->path, strerror(errno));
      np_hint(error, "make room in it, or set NIXPACK_CACHE_DIR to another directory");
      return -1;
    }
    if (result == 0) return 0;
  }
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot create a tree for relocated store paths in \"%s\": all %d are in use for other paths of it", cache->path,
          NP_TREE_COUNT);
  np_hint(error, "remove the directories 0 to 9 and trees in it while no bundle runs, or set NIXPACK_CACHE_DIR to another directory");
  return -1;
}

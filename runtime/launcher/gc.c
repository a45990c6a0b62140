#include "gc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "gc-store.h"
#include "in-use.h"
#include "lease.h"

#define STAMP "gc"
// Paths removed while starts wait at the gate.
#define BATCH 32

static bool is_old(const struct stat *stamp) {
  int64_t age = (int64_t)time(NULL) - stamp->st_mtim.tv_sec;
  return age < 0 || age >= NP_DAY_S;
}

bool np_gc_is_due(const struct np_cache *cache) {
  struct stat stamp;
  if (cache->volatile_store || cache->read_only) return false;
  return fstatat(cache->dir, STAMP, &stamp, AT_SYMLINK_NOFOLLOW) != 0 || is_old(&stamp);
}

// The stamp is the collector's lock as well. What is stamped at the beginning is not tried again soon when it fails.
static int take_stamp(const struct np_cache *cache) {
  static const struct timespec never[2] = { { .tv_sec = 0 }, { .tv_sec = 0 } };
  struct stat stamp;
  int fd = openat(cache->dir, STAMP, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) (void)futimens(fd, never);
  else fd = openat(cache->dir, STAMP, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &stamp) == 0 && is_old(&stamp) && futimens(fd, NULL) == 0) return fd;
  np_close_cleanup(&fd);
  return -1;
}

static unsigned count_garbage(const struct np_gc *gc) {
  unsigned count = 0;
  for (size_t i = 0; i < gc->store_count; i++) {
    struct np_names names = { .text = NULL };
    if (np_gc_list(&gc->stores[i], &names) == 0)
      for (size_t j = 0; j < names.count; j++) count += np_gc_is_garbage(gc, &gc->stores[i], names.sorted[j]);
    np_names_free(&names);
  }
  return count;
}

// Without the gate, as a first look: most days there is nothing to do.
static bool has_garbage(struct np_gc *gc) {
  cleanup_fd int roots = openat(gc->cache->dir, NP_ROOTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  unsigned dead = 0;
  if (roots < 0 || np_gc_roots(gc, roots, false, &dead) != 0) return false;
  return dead > 0 || count_garbage(gc) > 0;
}

// A process that starts after this look holds a lease, or has young marks; one that ends meanwhile is no harm.
static int find_used(struct np_gc *gc) {
  struct np_names all = { .text = NULL };
  int result = 0;
  for (size_t i = 0; result == 0 && i < gc->store_count; i++) {
    struct np_names names = { .text = NULL };
    result = np_gc_list(&gc->stores[i], &names);
    for (size_t j = 0; result == 0 && j < names.count; j++) result = np_names_add(&all, names.sorted[j], strlen(names.sorted[j]));
    np_names_free(&names);
  }
  np_names_free(&gc->used);
  if (result == 0) result = np_names_sort(&all);
  if (result == 0) result = np_in_use(&all, NP_UNUSED_S - NP_DAY_S, &gc->used);
  np_names_free(&all);
  return result;
}

static unsigned remove_some(struct np_gc *gc, const struct np_gc_store *s, unsigned limit) {
  struct np_names names = { .text = NULL };
  unsigned removed = 0;
  if (np_gc_list(s, &names) == 0)
    for (size_t i = 0; i < names.count && removed < limit; i++)
      if (np_gc_is_garbage(gc, s, names.sorted[i])) removed += (unsigned)np_gc_remove(gc, s, names.sorted[i]);
  np_names_free(&names);
  return removed;
}

static unsigned remove_batch(struct np_gc *gc) {
  unsigned dead, removed = 0;
  cleanup_fd int gate = np_roots_open(gc->cache, LOCK_EX);
  if (gate < 0 || np_gc_roots(gc, gate, true, &dead) != 0) return 0;
  for (size_t i = 0; i < gc->store_count && removed < BATCH; i++) removed += remove_some(gc, &gc->stores[i], BATCH - removed);
  return removed;
}

static void collect(struct np_gc *gc) {
  struct np_error error;
  if (!has_garbage(gc) || find_used(gc) != 0 || np_session_open(&gc->session, gc->cache, &error) != 0) return;
  while (remove_batch(gc) > 0) continue;
  np_session_close(&gc->session, gc->cache);
}

void np_gc_run(const struct np_cache *cache) {
  struct np_gc gc = { .cache = cache, .now = time(NULL) };
  if (!np_gc_is_due(cache)) return;
  cleanup_fd int stamp = take_stamp(cache);
  if (stamp < 0) return;
  // Nothing is known to be in use yet, and nothing is removed before it is.
  if (np_names_sort(&gc.used) != 0) return;
  np_gc_open_stores(&gc);
  collect(&gc);
  np_gc_litter(&gc);
  np_gc_close_stores(&gc);
  np_gc_forget(&gc);
  np_names_free(&gc.used);
}

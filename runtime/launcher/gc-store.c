#include "gc-store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "own-path.h"
#include "path-lock.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

bool np_gc_is_young(const struct np_gc *gc, int dir, const char *name) {
  struct stat status;
  return fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && gc->now - status.st_mtim.tv_sec < NP_UNUSED_S;
}

static void close_store(const struct np_gc_store *s) {
  const int fds[] = { s->store, s->locks, s->durable, s->pending };
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0) close(fds[i]);
}

static void add_store(struct np_gc *gc, const struct np_gc_store *s) {
  if (gc->store_count < NP_STORES_MAX && s->store >= 0 && s->locks >= 0 && s->durable >= 0 && s->pending >= 0) gc->stores[gc->store_count++] = *s;
  else close_store(s);
}

static int open_part(const struct np_gc *gc, const char *name) {
  return openat(gc->cache->dir, name, OPEN_DIR);
}

static int open_marks(const struct np_gc *gc, int number, const char *marks) {
  char name[32];
  snprintf(name, sizeof name, "trees/%d.%s", number, marks);
  return open_part(gc, name);
}

// The engine nix-dir keeps marks and locks here, and the paths in the host's /nix/store.
static void open_plain(struct np_gc *gc) {
  struct stat ours, theirs;
  struct np_gc_store s = { .store = open_part(gc, "store"), .locks = open_part(gc, "locks"), .durable = open_part(gc, "durable"),
                           .pending = open_part(gc, "pending"), .directory = "store" };
  if (s.store >= 0 && gc->cache->relocation == NULL && fstat(s.store, &ours) == 0 && fstat(gc->cache->store, &theirs) == 0 &&
      (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev)) {
    close(s.store);
    s.store = openat(gc->cache->store, ".", OPEN_DIR);
    s.is_foreign = true;
  }
  add_store(gc, &s);
}

void np_gc_open_stores(struct np_gc *gc) {
  struct np_names entries = { .text = NULL };
  open_plain(gc);
  if (np_names_of_directory(&entries, gc->cache->dir) != 0) return;
  const char *at = entries.text;
  for (size_t i = 0; i < entries.count; i++, at += strlen(at) + 1) {
    struct np_gc_store s = { .is_foreign = false };
    if (at[strspn(at, "0123456789")] != '\0' || strlen(at) >= sizeof s.directory || strtoul(at, NULL, 10) >= NP_TREE_COUNT) continue;
    int number = (int)strtoul(at, NULL, 10);
    s.kind = number + 1;
    strcpy(s.directory, at);
    s.store = open_part(gc, at);
    s.locks = open_marks(gc, number, "locks");
    s.durable = open_marks(gc, number, "durable");
    s.pending = open_marks(gc, number, "pending");
    add_store(gc, &s);
  }
  np_names_free(&entries);
}

void np_gc_close_stores(struct np_gc *gc) {
  while (gc->store_count > 0) close_store(&gc->stores[--gc->store_count]);
}

int np_gc_list(const struct np_gc_store *s, struct np_names *names) {
  int result = s->is_foreign ? np_names_of_directory(names, s->durable) : np_names_of_directory(names, s->store);
  if (result == 0 && s->is_foreign) result = np_names_of_directory(names, s->pending);
  return result == 0 ? np_names_sort(names) : -1;
}

bool np_gc_is_garbage(const struct np_gc *gc, const struct np_gc_store *s, const char *name) {
  size_t length = strlen(name);
  // A young mark: its bundle could not write a root entry, because the disk was full, say.
  if (s->is_foreign && !np_is_own_path(s->store, s->durable, s->pending, name)) return false;
  return name[0] != '.' && !np_names_has(&gc->live[s->kind], name, length) && !np_names_has(&gc->used, name, length) &&
         !np_gc_is_young(gc, s->durable, name) && !np_gc_is_young(gc, s->pending, name);
}

static bool is_late(const struct np_gc *gc) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec - gc->decided.tv_sec > 1;
}

int np_gc_remove(struct np_gc *gc, const struct np_gc_store *s, const char *name) {
  char aside[32];
  struct stat status;
  cleanup_fd int lock = np_path_lock(s->locks, name);
  if (lock < 0 || is_late(gc) || fstatat(s->store, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  if ((unlinkat(s->durable, name, 0) != 0 && errno != ENOENT) || (unlinkat(s->pending, name, 0) != 0 && errno != ENOENT)) return 0;
  // Moving a directory rewrites its "..", so it has to be writable.
  if (S_ISDIR(status.st_mode)) (void)fchmodat(s->store, name, 0755, 0);
  snprintf(aside, sizeof aside, "%u", gc->removed);
  if (renameat(s->store, name, gc->session.dir, aside) != 0) return 0;
  gc->removed++;
  (void)unlinkat(s->locks, name, 0);
  return 1;
}

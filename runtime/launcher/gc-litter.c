// Marks and locks of paths that are gone, trees of a directory that this one is no more, memories of bundles without a root entry,
// and what processes that were killed left between creating a file and renaming it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "gc-store.h"
#include "lease.h"
#include "path-lock.h"
#include "tree.h"

// The lock makes sure that nobody is between the mark and the path.
static void remove_marks(const struct np_gc_store *s, const struct np_names *names) {
  struct stat status;
  const char *at = names->text;
  for (size_t i = 0; i < names->count; i++, at += strlen(at) + 1) {
    if (at[0] == '.' || fstatat(s->store, at, &status, AT_SYMLINK_NOFOLLOW) == 0) continue;
    cleanup_fd int lock = np_path_lock(s->locks, at);
    if (lock < 0 || fstatat(s->store, at, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT) continue;
    (void)unlinkat(s->durable, at, 0);
    (void)unlinkat(s->pending, at, 0);
    (void)unlinkat(s->locks, at, 0);
  }
}

static void clean_marks(const struct np_gc_store *s) {
  const int dirs[] = { s->durable, s->pending, s->locks };
  for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
    struct np_names names = { .text = NULL };
    if (np_names_of_directory(&names, dirs[i]) == 0) remove_marks(s, &names);
    np_names_free(&names);
  }
}

// The record goes first: a tree without one is made by nobody, and a number without one is free.
static void clean_tree(const struct np_gc *gc, const struct np_gc_store *s) {
  static const char *const marks[] = { "locks", "durable", "pending" };
  char name[32], record[PATH_MAX], ours[PATH_MAX + 32];
  int number = s->kind - 1;
  snprintf(name, sizeof name, "trees/%d", number);
  snprintf(ours, sizeof ours, "%s/%s", gc->cache->path, s->directory);
  if (np_gc_is_young(gc, gc->cache->dir, name) || np_read_text(gc->cache->dir, name, record, sizeof record) <= 0) return;
  if (strcmp(record, ours) == 0 || gc->roots[s->kind] > 0) return;
  struct np_names left = { .text = NULL };
  bool is_empty = np_gc_list(s, &left) == 0 && left.count == 0;
  np_names_free(&left);
  if (!is_empty || unlinkat(gc->cache->dir, name, 0) != 0) return;
  (void)unlinkat(gc->cache->dir, s->directory, AT_REMOVEDIR);
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    snprintf(name, sizeof name, "trees/%d.%s", number, marks[i]);
    (void)np_tree_remove(gc->cache->dir, name);
  }
}

static bool has_root(const struct np_gc *gc, const char *identity) {
  char name[sizeof NP_ROOTS + NP_ROOT_NAME_SIZE];
  struct stat status;
  for (int kind = 0; kind <= NP_TREE_COUNT; kind++) {
    if (kind == 0) snprintf(name, sizeof name, NP_ROOTS "/%.64s.store", identity);
    else snprintf(name, sizeof name, NP_ROOTS "/%.64s.%d", identity, kind - 1);
    if (fstatat(gc->cache->dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  }
  return false;
}

static bool starts_with_any(const char *name, const char *const prefixes[]) {
  for (; *prefixes != NULL; prefixes++)
    if (strncmp(name, *prefixes, strlen(*prefixes)) == 0) return true;
  return false;
}

// Files of `directory` that nobody has written to for long, with one of the prefixes (NULL: of a bundle without a root entry).
static void clean_files(const struct np_gc *gc, const char *directory, const char *const *prefixes) {
  cleanup_fd int dir = openat(gc->cache->dir, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct np_names names = { .text = NULL };
  if (dir < 0 || np_names_of_directory(&names, dir) != 0) return;
  const char *at = names.text;
  for (size_t i = 0; i < names.count; i++, at += strlen(at) + 1) {
    if (np_gc_is_young(gc, dir, at) || (prefixes != NULL ? !starts_with_any(at, prefixes) : has_root(gc, at))) continue;
    (void)unlinkat(dir, at, 0);
  }
  np_names_free(&names);
}

void np_gc_litter(struct np_gc *gc) {
  static const char *const temporary[] = { "root-", "record-", "engine-", NULL }, *const probes[] = { NP_PROBE ".", NULL };
  unsigned dead;
  for (size_t i = 0; i < gc->store_count; i++) clean_marks(&gc->stores[i]);
  cleanup_fd int gate = np_roots_open(gc->cache, LOCK_EX);
  if (gate < 0 || np_gc_roots(gc, gate, false, &dead) != 0) return;
  for (size_t i = 0; i < gc->store_count; i++)
    if (gc->stores[i].kind > 0) clean_tree(gc, &gc->stores[i]);
  clean_files(gc, "engines", NULL);
  clean_files(gc, "tmp", temporary);
  clean_files(gc, ".", probes);
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "gc-store.h"
#include "lease.h"

#define ROOT_SIZE_MAX (64U << 20)

// -1: not a name that np_root_name makes.
static int kind_of(const char *name) {
  if (strspn(name, "0123456789abcdef") != 2 * NP_SHA256_SIZE || name[2 * NP_SHA256_SIZE] != '.') return -1;
  const char *suffix = name + 2 * NP_SHA256_SIZE + 1;
  if (strcmp(suffix, "store") == 0) return 0;
  return suffix[0] >= '0' && suffix[0] <= '9' && suffix[1] == '\0' ? suffix[0] - '0' + 1 : -1;
}

static bool exists(const struct np_gc *gc, int kind, const char *name) {
  struct stat status;
  for (size_t i = 0; i < gc->store_count; i++)
    if (gc->stores[i].kind == kind && fstatat(gc->stores[i].store, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  return false;
}

// *lives: one of the names is in use; *is_hollow: none is there.
static void look_at(const struct np_gc *gc, int kind, const char *text, bool *lives, bool *is_hollow) {
  *is_hollow = true;
  for (size_t length; text[0] != '\0'; text += length + (text[length] == '\n')) {
    char name[NAME_MAX + 1];
    length = strcspn(text, "\n");
    if (length == 0 || length > NAME_MAX) continue;
    memcpy(name, text, length);
    name[length] = '\0';
    if (*is_hollow && exists(gc, kind, name)) *is_hollow = false;
    if (np_names_has(&gc->used, name, length)) *lives = true;
  }
}

static int add_names(struct np_names *names, const char *text) {
  for (size_t length; text[0] != '\0'; text += length + (text[length] == '\n')) {
    length = strcspn(text, "\n");
    if (length > 0 && np_names_add(names, text, length) != 0) return -1;
  }
  return 0;
}

static char *read_root(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > ROOT_SIZE_MAX) return NULL;
  char *text = malloc((size_t)status.st_size + 1);
  if (text == NULL) return NULL;
  ssize_t size = np_read_all(fd, text, (size_t)status.st_size);
  text[size > 0 ? size : 0] = '\0';
  if (size == status.st_size) return text;
  free(text);
  return NULL;
}

static int take_root(struct np_gc *gc, int roots, const char *name, bool remove, unsigned *dead) {
  int kind = kind_of(name);
  if (kind < 0) return 0;
  cleanup_fd int fd = openat(roots, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  cleanup_free char *text = fd < 0 ? NULL : read_root(fd);
  if (text == NULL) return -1;
  gc->roots[kind]++;
  bool is_hollow, lives = np_gc_is_young(gc, roots, name);
  look_at(gc, kind, text, &lives, &is_hollow);
  if (lives && !is_hollow) return add_names(&gc->live[kind], text);
  // Leased by a bundle that runs, or by one that is being unpacked for the first time. Without the gate a start must not meet our lock.
  if (remove && (flock(fd, LOCK_EX | LOCK_NB) != 0 || unlinkat(roots, name, 0) != 0)) return add_names(&gc->live[kind], text);
  ++*dead;
  if (remove) gc->roots[kind]--;
  return 0;
}

void np_gc_forget(struct np_gc *gc) {
  for (size_t i = 0; i <= NP_TREE_COUNT; i++) np_names_free(&gc->live[i]);
  memset(gc->roots, 0, sizeof gc->roots);
}

int np_gc_roots(struct np_gc *gc, int roots, bool remove, unsigned *dead) {
  struct np_names entries = { .text = NULL };
  np_gc_forget(gc);
  *dead = 0;
  int result = np_names_of_directory(&entries, roots);
  const char *at = entries.text;
  for (size_t i = 0; result == 0 && i < entries.count; i++, at += strlen(at) + 1) result = take_root(gc, roots, at, remove, dead);
  for (size_t i = 0; result == 0 && i <= NP_TREE_COUNT; i++) result = np_names_sort(&gc->live[i]);
  np_names_free(&entries);
  clock_gettime(CLOCK_MONOTONIC, &gc->decided);
  return result;
}

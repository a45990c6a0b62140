// Walks with one descriptor and a list on the heap, so that neither the depth of a tree nor a low limit of descriptors matters.
#include "nar.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "tree-list.h"

#define BUFFER_SIZE (128U << 10)

struct nar {
  struct np_sha256_stream sha;
  const struct np_rewriter *backward;
  struct np_rewrite_stream rewrite;
  const char *name;  // of the whole tree
  struct np_error *error;
  uint64_t written;  // of the file that is read now
  uint8_t *buffer;
};

static int refuse(const struct nar *n, const char *entry, const char *why) {
  np_fail(n->error, NP_CACHE_DAMAGED, "cannot hash \"%s\": \"%.255s\" in it: %s", n->name, entry, why);
  errno = EUCLEAN;
  return -1;
}

static int read_failed(const struct nar *n, const char *entry) {
  return np_fail(n->error, NP_CACHE_DAMAGED, "cannot hash \"%s\": \"%.255s\" in it: %s", n->name, entry, strerror(errno));
}

static void put_number(struct nar *n, uint64_t value) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(value >> (8 * i));
  np_sha256_feed(&n->sha, bytes, sizeof bytes);
}

static void put_padding(struct nar *n, uint64_t size) {
  static const uint8_t zeros[8];
  np_sha256_feed(&n->sha, zeros, (8 - size % 8) % 8);
}

static void put_bytes(struct nar *n, const char *bytes, size_t size) {
  put_number(n, size);
  np_sha256_feed(&n->sha, bytes, size);
  put_padding(n, size);
}

static void put(struct nar *n, const char *text) {
  put_bytes(n, text, strlen(text));
}

static int sink(void *context, const void *data, size_t size) {
  struct nar *n = context;
  np_sha256_feed(&n->sha, data, size);
  n->written += size;
  return 0;
}

static int put_contents(struct nar *n, int fd, const char *entry) {
  n->written = 0;
  if (np_rewrite_begin(&n->rewrite, n->backward) != 0) return read_failed(n, entry);
  for (ssize_t size; (size = np_read_all(fd, n->buffer, BUFFER_SIZE)) != 0;) {
    if (size < 0) return read_failed(n, entry);
    (void)np_rewrite_feed(&n->rewrite, n->buffer, (size_t)size, sink, n);
  }
  return np_rewrite_end(&n->rewrite, sink, n);
}

static int put_file(struct nar *n, int dir, const char *entry) {
  struct stat status;
  // Not to wait for a writer, should a FIFO have taken the file's place.
  cleanup_fd int fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &status) != 0) return read_failed(n, entry);
  if (!S_ISREG(status.st_mode)) return refuse(n, entry, "it changed while it was read");
  put(n, "regular");
  if (status.st_mode & S_IXUSR) {
    put(n, "executable");
    put(n, "");
  }
  put(n, "contents");
  put_number(n, (uint64_t)status.st_size);
  if (put_contents(n, fd, entry) != 0) return -1;
  if (n->written != (uint64_t)status.st_size) return refuse(n, entry, "it changed while it was read");
  put_padding(n, n->written);
  return 0;
}

static int put_symlink(struct nar *n, int dir, const char *entry) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(dir, entry, target, sizeof target);
  if (size < 0) return read_failed(n, entry);
  if (n->backward != NULL) np_rewrite_text(n->backward, target, (size_t)size);
  put(n, "symlink");
  put(n, "target");
  put_bytes(n, target, (size_t)size);
  return 0;
}

// Everything up to the entries of a directory; *is_directory: these have to follow.
static int put_node(struct nar *n, int dir, const char *entry, bool *is_directory) {
  struct stat status;
  if (fstatat(dir, entry, &status, AT_SYMLINK_NOFOLLOW) != 0) return read_failed(n, entry);
  *is_directory = S_ISDIR(status.st_mode);
  put(n, "(");
  put(n, "type");
  if (S_ISREG(status.st_mode)) return put_file(n, dir, entry);
  if (S_ISLNK(status.st_mode)) return put_symlink(n, dir, entry);
  if (!*is_directory) return refuse(n, entry, "it is neither a file, a directory nor a symlink");
  put(n, "directory");
  return 0;
}

static int put_tree(struct nar *n, struct np_tree_list *list, const char *name) {
  bool is_tree, is_directory;
  if (put_node(n, list->at, name, &is_tree) != 0) return -1;
  if (!is_tree) put(n, ")");
  else if (np_tree_list_enter(list, name) != 0) return read_failed(n, name);
  while (list->depth > 0) {
    const char *entry = np_tree_list_next(list);
    if (entry == NULL) {
      if (np_tree_list_leave(list) != 0) return read_failed(n, name);
      put(n, ")");
      if (list->depth > 0) put(n, ")");
      continue;
    }
    put(n, "entry");
    put(n, "(");
    put(n, "name");
    put(n, entry);
    put(n, "node");
    if (put_node(n, list->at, entry, &is_directory) != 0) return -1;
    if (is_directory) {
      if (np_tree_list_enter(list, entry) != 0) return read_failed(n, entry);
    } else {
      put(n, ")");
      put(n, ")");
    }
  }
  return 0;
}

int np_nar_hash(int dir, const char *name, const struct np_rewriter *backward, uint8_t digest[NP_SHA256_SIZE], struct np_error *error) {
  struct nar n = { .backward = backward, .name = name, .error = error, .buffer = malloc(BUFFER_SIZE) };
  struct np_tree_list list;
  if (n.buffer == NULL || np_tree_list_open(&list, dir) != 0) {
    free(n.buffer);
    return np_fail(error, NP_CACHE_DAMAGED, "cannot hash \"%s\": %s", name, strerror(errno));
  }
  np_sha256_begin(&n.sha);
  put(&n, "nix-archive-1");
  int result = put_tree(&n, &list, name);
  if (result == 0) np_sha256_end(&n.sha, digest);
  int saved = errno;
  np_rewrite_close(&n.rewrite);
  np_tree_list_close(&list);
  free(n.buffer);
  errno = saved;
  return result;
}

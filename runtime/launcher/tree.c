#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

// Python compares the time stamp of a source file with the one recorded in its bytecode: the store's is always 1.
static const struct timespec store_times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void np_tree_init(struct np_tree *tree, int root, const char *base, bool shared, const struct np_rewriter *rewriter) {
  tree->root = root;
  tree->base = base;
  tree->shared = shared;
  tree->file = -1;
  tree->parent_fd = -1;
  tree->parent[0] = '\0';
  tree->rewriter = rewriter;
  tree->stream.buffer = NULL;
}

void np_tree_close(struct np_tree *tree) {
  if (tree->file >= 0) close(tree->file);
  if (tree->parent_fd >= 0) close(tree->parent_fd);
  tree->file = tree->parent_fd = -1;
  np_rewrite_close(&tree->stream);
}

static int refuse(struct np_error *error, const char *name, const char *why) {
  np_fail(error, NP_UNPACK_REFUSED, "cannot unpack \"%.500s\": %s", name, why);
  np_hint(error, "the archive in this bundle was not made by nixpack; do not trust the file");
  return -1;
}

static int write_failed(struct np_error *error, const char *name) {
  int reason = errno;
  if (reason == EEXIST) return refuse(error, name, "the name occurs twice");
  if (reason == ELOOP || reason == ENOTDIR) return refuse(error, name, "its parent is not a directory");
  if (reason == ENOENT) return refuse(error, name, "its parent directory is missing");
  if (reason == ENAMETOOLONG) return refuse(error, name, "its name is too long");
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot write \"%.500s\": %s", name, strerror(reason));
  if (reason == ENOSPC || reason == EDQUOT) np_hint(error, "free some space, or set NIXPACK_CACHE_DIR to a directory on another disk");
  if (reason == EFBIG) np_hint(error, "raise the limit for the size of files (ulimit -f)");
  return -1;
}

static bool is_inside(const char *name, const char *base) {
  size_t length = strlen(base);
  if (strncmp(name, base, length) != 0) return false;
  for (name += length; *name == '/';) {
    size_t part = strcspn(++name, "/");
    if (part == 0 || (part == 1 && name[0] == '.') || (part == 2 && name[0] == '.' && name[1] == '.')) return false;
    name += part;
  }
  return *name == '\0';
}

// Component by component, since O_NOFOLLOW guards only the last one. `from`: where the part of the path below `root` begins.
static int walk(int root, const char *path, size_t from, size_t length) {
  int at = root;
  while (from < length) {
    char part[NAME_MAX + 1];
    size_t size = strcspn(path + from, "/");
    if (size > NAME_MAX) {
      errno = ENAMETOOLONG;
      size = 0;
    }
    memcpy(part, path + from, size);
    part[size] = '\0';
    int next = size == 0 ? -1 : openat(at, part, OPEN_DIR);
    int saved = errno;
    if (at != root) close(at);
    errno = saved;
    if (next < 0) return -1;
    at = next;
    from += size + 1;
  }
  return at;
}

// The directory that the entry goes into, and the entry's last component.
static int open_parent(struct np_tree *tree, const char *name, const char **last, struct np_error *error) {
  if (strlen(name) >= PATH_MAX - 1) return refuse(error, name, "its name is too long");
  if (!is_inside(name, tree->base)) return refuse(error, name, "it lies outside of its store path");
  const char *slash = strrchr(name, '/');
  *last = slash == NULL ? name : slash + 1;
  if (slash == NULL) return tree->root;
  size_t length = (size_t)(slash - name);
  size_t known = tree->parent_fd >= 0 ? strlen(tree->parent) : 0;
  bool below = known > 0 && known <= length && strncmp(tree->parent, name, known) == 0 && name[known] == '/';
  if (below && known == length) return tree->parent_fd;
  int parent = below ? walk(tree->parent_fd, name, known + 1, length) : walk(tree->root, name, 0, length);
  np_close_cleanup(&tree->parent_fd);
  tree->parent_fd = parent;
  memcpy(tree->parent, name, length);
  tree->parent[length] = '\0';
  return tree->parent_fd >= 0 ? tree->parent_fd : write_failed(error, name);
}

int np_tree_directory(struct np_tree *tree, const char *name, struct np_error *error) {
  const char *last;
  struct stat status;
  int parent = open_parent(tree, name, &last, error);
  if (parent < 0) return -1;
  if (mkdirat(parent, last, 0700) == 0) {
    // The caller's umask has no say in the store.
    return fchmodat(parent, last, 0755, 0) == 0 ? 0 : write_failed(error, name);
  }
  if (errno != EEXIST || !tree->shared) return write_failed(error, name);
  if (fstatat(parent, last, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode))
    return refuse(error, name, "the name occurs twice");
  return 0;
}

int np_tree_symlink(struct np_tree *tree, const char *name, const char *target, struct np_error *error) {
  const char *last;
  int parent = open_parent(tree, name, &last, error);
  if (parent < 0) return -1;
  if (target[0] == '\0') return refuse(error, name, "the symlink has no target");
  char rewritten[PATH_MAX];
  size_t length = strlen(target);
  if (tree->rewriter != NULL && length < sizeof rewritten) {
    memcpy(rewritten, target, length + 1);
    np_rewrite_text(tree->rewriter, rewritten, length);
    target = rewritten;
  }
  if (symlinkat(target, parent, last) != 0) return write_failed(error, name);
  return utimensat(parent, last, store_times, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : write_failed(error, name);
}

int np_tree_file_begin(struct np_tree *tree, const char *name, struct np_error *error) {
  const char *last;
  int parent = open_parent(tree, name, &last, error);
  if (parent < 0) return -1;
  tree->file = openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return tree->file >= 0 && np_rewrite_begin(&tree->stream, tree->rewriter) == 0 ? 0 : write_failed(error, name);
}

static int write_out(void *context, const void *data, size_t size) {
  return np_write_all(*(int *)context, data, size);
}

int np_tree_file_write(struct np_tree *tree, const char *name, const void *data, size_t size, struct np_error *error) {
  return np_rewrite_feed(&tree->stream, data, size, write_out, &tree->file) == 0 ? 0 : write_failed(error, name);
}

int np_tree_file_end(struct np_tree *tree, const char *name, unsigned mode, struct np_error *error) {
  int file = tree->file;
  int ended = np_rewrite_end(&tree->stream, write_out, &file);
  tree->file = -1;
  if (ended != 0 || fchmod(file, mode) != 0 || futimens(file, store_times) != 0) {
    close(file);
    return write_failed(error, name);
  }
  return close(file) == 0 ? 0 : write_failed(error, name);
}

// --nixpack-extract: complete under its name, or not there at all.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "flags.h"
#include "pool.h"
#include "tree.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int path_done(void *context, uint32_t path, struct np_error *error) {
  (void)context;
  (void)path;
  (void)error;
  return 0;
}

static int output_failed(const char *verb, const char *target, struct np_error *error) {
  int reason = errno;
  np_fail(error, NP_OUTPUT_UNWRITABLE, "cannot %s \"%s\": %s", verb, target, strerror(reason));
  np_hint(error, reason == ENOTEMPTY || reason == EEXIST ? "name a directory that does not exist or is empty" : "name a directory that you may write to");
  return -1;
}

static int fill(const struct np_bundle *b, int root, struct np_error *error) {
  uint32_t *paths = malloc(b->path_count * sizeof *paths);
  if (paths == NULL) return np_fail(error, NP_OUTPUT_UNWRITABLE, "cannot extract the bundle: out of memory");
  for (uint32_t i = 0; i < b->path_count; i++) paths[i] = i;
  struct np_pool_work work = { .bundle = b, .root = root, .paths = paths, .path_count = b->path_count, .progress = -1, .done = path_done };
  int result = np_pool_run(&work, error);
  free(paths);
  // Directories stay writable for their owner, who would not get rid of them otherwise.
  for (uint32_t i = 0; result == 0 && i < b->path_count; i++) result = np_tree_seal(root, b->paths[i].name, 0755, error);
  return result;
}

// The parents are opened so that the umask does not matter.
static int make_store(int parent, struct np_error *error, const char *target) {
  static const char *const parts[] = { "nix", "store" };
  int at = dup(parent);
  for (int i = 0; i < 2 && at >= 0; i++) {
    int next = mkdirat(at, parts[i], 0755) == 0 ? openat(at, parts[i], OPEN_DIR) : -1;
    if (next < 0) (void)output_failed("create", target, error);
    close(at);
    at = next;
  }
  return at;
}

static int check_target(const char *target, struct np_error *error) {
  struct stat status;
  if (lstat(target, &status) != 0) return errno == ENOENT ? 0 : output_failed("extract to", target, error);
  if (S_ISDIR(status.st_mode) && rmdir(target) == 0) return 0;
  if (!S_ISDIR(status.st_mode)) errno = EEXIST;
  return output_failed("extract to", target, error);
}

int np_extract(const struct np_bundle *b, const char *target, struct np_error *error) {
  char name[PATH_MAX], temporary[PATH_MAX + 32];
  if (snprintf(name, sizeof name, "%s", target) >= (int)sizeof name || name[0] == '\0') {
    errno = name[0] == '\0' ? ENOENT : ENAMETOOLONG;
    return output_failed("extract to", target, error);
  }
  for (size_t end = strlen(name); end > 1 && name[end - 1] == '/'; end--) name[end - 1] = '\0';
  if (check_target(name, error) != 0) return -1;
  snprintf(temporary, sizeof temporary, "%s.%ld.tmp", name, (long)getpid());
  if (mkdir(temporary, 0755) != 0) return output_failed("create", temporary, error);
  cleanup_fd int top = open(temporary, OPEN_DIR);
  cleanup_fd int store = top < 0 ? output_failed("open", temporary, error) : make_store(top, error, temporary);
  int result = store < 0 ? -1 : fill(b, store, error);
  if (result == 0 && rename(temporary, name) != 0) result = output_failed("extract to", name, error);
  if (result != 0) (void)np_tree_remove(AT_FDCWD, temporary);
  return result;
}

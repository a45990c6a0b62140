#include "arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "tree.h"

static char arena[PATH_MAX], root_path[PATH_MAX];
static int root = -1, top = -1;
static bool watching;

static void remove_arena(void) {
  (void)np_tree_remove(AT_FDCWD, arena);
}

// A neighbour that must stay as it is, and a directory that symlinks may point to but nothing may be written to.
static void make_arena(void) {
  const char *parent = getenv("NP_FUZZ_TMPFS");
  snprintf(arena, sizeof arena, "%s/np-fuzz.XXXXXX", parent != NULL ? parent : "/dev/shm");
  np_require(mkdtemp(arena) != NULL && atexit(remove_arena) == 0);
  top = open(arena, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  np_require(top >= 0 && mkdirat(top, "outside", 0755) == 0 && mkdirat(top, "root", 0700) == 0);
  root = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  np_require(root >= 0 && snprintf(root_path, sizeof root_path, "%s/root", arena) > 0);
}

int np_arena_root(void) {
  if (root < 0) make_arena();
  watching = true;
  return root;
}

// The linker sends the launcher's calls here (--wrap): a last component, in a directory below the root.
static void check_target(int dir, const char *name) {
  char link[64], path[PATH_MAX];
  if (!watching) return;
  np_require(name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
  if (dir == root) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
  ssize_t length = readlink(link, path, sizeof path - 1);
  // Deeper than a name can say, the kernel refuses to name it.
  if (length < 0 && errno == ENAMETOOLONG) return;
  np_require(length > 0);
  path[length] = '\0';
  size_t root_length = strlen(root_path);
  np_require(strncmp(path, root_path, root_length) == 0 && (path[root_length] == '/' || path[root_length] == '\0'));
}

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __real_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __real_symlinkat(const char *target, int dir, const char *name);
int __wrap_symlinkat(const char *target, int dir, const char *name);
int __real_fchmodat(int dir, const char *name, mode_t mode, int flags);
int __wrap_fchmodat(int dir, const char *name, mode_t mode, int flags);

int __wrap_openat(int dir, const char *name, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
  va_end(args);
  if (watching) np_require((flags & O_NOFOLLOW) != 0);
  if ((flags & O_CREAT) != 0) np_require((flags & O_EXCL) != 0);
  if ((flags & O_ACCMODE) != O_RDONLY) check_target(dir, name);
  return __real_openat(dir, name, flags, mode);
}

int __wrap_mkdirat(int dir, const char *name, mode_t mode) {
  check_target(dir, name);
  return __real_mkdirat(dir, name, mode);
}

int __wrap_symlinkat(const char *target, int dir, const char *name) {
  check_target(dir, name);
  return __real_symlinkat(target, dir, name);
}

// It follows symlinks, so what it changes must be a directory.
int __wrap_fchmodat(int dir, const char *name, mode_t mode, int flags) {
  struct stat status;
  check_target(dir, name);
  if (watching) np_require(fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode));
  return __real_fchmodat(dir, name, mode, flags);
}

struct walk {
  const struct np_arena_claim *claim;
  bool sealed;
  uint64_t size;
  unsigned unfinished;  // files in which an archive broke off
};

static void check_entry(struct walk *w, int dir, const char *name, const struct stat *status, bool is_base) {
  char target[PATH_MAX];
  mode_t mode = status->st_mode & 07777;
  if (S_ISREG(status->st_mode)) {
    np_require(status->st_nlink == 1);
    if (mode == 0600) w->unfinished++;
    else np_require(mode == 0444 || mode == 0555);
    w->size += (uint64_t)status->st_size;
  } else if (S_ISDIR(status->st_mode)) {
    np_require(mode == (w->sealed && !is_base ? 0555 : 0755));
  } else {
    np_require(S_ISLNK(status->st_mode));
    ssize_t length = readlinkat(dir, name, target, sizeof target - 1);
    np_require(length > 0);
    target[length] = '\0';
    np_require(w->claim->absent == NULL || strstr(target, w->claim->absent) == NULL);
  }
  if (w->sealed) np_require(status->st_mtim.tv_sec == 1 && status->st_mtim.tv_nsec == 0);
}

static void walk(struct walk *w, int dir, const char *name, bool is_base) {
  struct stat status;
  np_require(fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0);
  check_entry(w, dir, name, &status, is_base);
  if (!S_ISDIR(status.st_mode)) return;
  int fd = __real_openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);
  np_require(stream != NULL);
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) walk(w, fd, entry->d_name, false);
  closedir(stream);
}

// Exactly these names and no others; `second` may be NULL. How many of them are there.
static unsigned check_names(int dir, const char *first, const char *second) {
  unsigned found = 0;
  int fd = __real_openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);
  np_require(stream != NULL);
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    np_require(strcmp(entry->d_name, first) == 0 || (second != NULL && strcmp(entry->d_name, second) == 0));
    found++;
  }
  closedir(stream);
  return found;
}

static void check_outside(void) {
  struct stat status;
  np_require(check_names(top, "root", "outside") == 2 && fstatat(top, "outside", &status, 0) == 0);
  np_require((status.st_mode & 07777) == 0755 && status.st_nlink == 2 && status.st_mtim.tv_sec != 1);
}

void np_arena_check(const struct np_arena_claim *claim) {
  struct np_error error;
  watching = false;
  check_outside();
  if (check_names(root, claim->base, NULL) == 1) {
    struct walk before = { .claim = claim }, after = { .claim = claim, .sealed = true };
    walk(&before, root, claim->base, true);
    np_require(before.size <= claim->files_limit && (!claim->complete || (before.unfinished == 0 && before.size == claim->files_size)));
    if (claim->complete) {
      np_require(np_tree_seal(root, claim->base, 0555, &error) == 0);
      walk(&after, root, claim->base, true);
      check_outside();
    }
    np_require(np_tree_remove(root, claim->base) == 0);
  }
  np_require(check_names(root, "", NULL) == 0);
}

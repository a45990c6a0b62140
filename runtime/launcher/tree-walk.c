// The two operations on a whole tree: sealing a finished one, removing an unwanted one.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const struct timespec store_times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

static bool is_dots(const char *name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static bool is_directory(int dir, const struct dirent *entry) {
  struct stat status;
  if (entry->d_type != DT_UNKNOWN) return entry->d_type == DT_DIR;
  return fstatat(dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static int seal_directory(int parent, const char *name, unsigned mode, bool top) {
  int fd = openat(parent, name, OPEN_DIR);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (dir == NULL) {
    if (fd >= 0) close(fd);
    return -1;
  }
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;) {
    if (!is_dots(entry->d_name) && is_directory(fd, entry)) result = seal_directory(fd, entry->d_name, mode, false);
  }
  if (result == 0 && !top) result = fchmod(fd, mode);
  if (result == 0) result = futimens(fd, store_times);
  int saved = errno;
  closedir(dir);
  errno = saved;
  return result;
}

int np_tree_seal(int root, const char *base, unsigned mode, struct np_error *error) {
  struct stat status;
  if (fstatat(root, base, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return np_fail(error, NP_UNPACK_REFUSED, "cannot unpack \"%s\": the archive does not hold it", base);
  if (!S_ISDIR(status.st_mode) || seal_directory(root, base, mode, true) == 0) return 0;
  return np_fail(error, NP_CACHE_UNWRITABLE, "cannot set the modes of \"%s\": %s", base, strerror(errno));
}

static int remove_directory(int parent, const char *name, dev_t device) {
  struct stat status;
  int fd = openat(parent, name, OPEN_DIR);
  if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) fd = openat(parent, name, OPEN_DIR);
  if (fd < 0) return -1;
  DIR *dir = fstat(fd, &status) == 0 && status.st_dev == device ? fdopendir(fd) : NULL;
  if (dir == NULL) {
    close(fd);
    return -1;
  }
  // Store directories are 0555; without this their owner cannot empty them.
  if ((status.st_mode & 0700) != 0700) (void)fchmod(fd, 0700);
  int result = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    if (is_dots(entry->d_name)) continue;
    if (is_directory(fd, entry)) result |= remove_directory(fd, entry->d_name, device);
    else if (unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT) result = -1;
  }
  closedir(dir);
  if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) result = -1;
  return result;
}

int np_tree_remove(int root, const char *name) {
  struct stat status;
  if (unlinkat(root, name, 0) == 0 || errno == ENOENT) return 0;
  if (fstat(root, &status) != 0) return -1;
  return remove_directory(root, name, status.st_dev);
}

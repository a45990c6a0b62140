// The collector removes lock files, too: a lock counts only as long as its file has the name.
#include "path-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 16

static bool is_linked(int locks, const char *name, int fd) {
  struct stat named, opened;
  return fstatat(locks, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
         named.st_dev == opened.st_dev;
}

int np_path_lock(int locks, const char *name) {
  for (int i = 0; i < ATTEMPTS; i++) {
    int fd = openat(locks, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    bool is_busy = flock(fd, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR);
    if (!is_busy && is_linked(locks, name, fd)) return fd;
    close(fd);
    if (is_busy) break;
  }
  errno = EWOULDBLOCK;
  return -1;
}

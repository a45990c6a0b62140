// A cache directory below /tmp or /var/tmp, and the cleaners of these. systemd-tmpfiles takes LOCK_EX without waiting on every
// directory that it enters and passes over those that it does not get; tmpreaper and the like look at the time of the last access.
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "lease.h"
#include "tree-list.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
// Beyond what shell scripts and socket activation use.
#define HIGH_FD 100
#define CLEANER_WAIT_MS 200

static bool meets_cleaners(const char *path) {
  return strncmp(path, "/tmp/", 5) == 0 || strncmp(path, "/var/tmp/", 9) == 0;
}

static int move_up(int fd) {
  struct rlimit limit;
  int lowest = HIGH_FD;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= HIGH_FD) lowest = (int)limit.rlim_cur - 1;
  int high = -1;
  while (high < 0 && lowest > fd) high = fcntl(fd, F_DUPFD_CLOEXEC, lowest--);
  if (high < 0) return fd;
  close(fd);
  return high;
}

int np_lease_hold_directory(const struct np_cache *cache) {
  const struct timespec pause = { .tv_nsec = 1000000 };
  if (!meets_cleaners(cache->path)) return -1;
  int fd = openat(cache->dir, ".", OPEN_DIR);
  if (fd < 0) return -1;
  // A cleaner that is here right now goes on to other directories.
  for (int waited = 0; flock(fd, LOCK_SH | LOCK_NB) != 0; waited++) {
    if (waited >= CLEANER_WAIT_MS) {
      close(fd);
      return -1;
    }
    nanosleep(&pause, NULL);
  }
  return move_up(fd);
}

// The time of the last access only: programs compare the other one.
static void touch(int dir, const char *name) {
  const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_OMIT } };
  (void)utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW);
}

static void touch_all(int directory) {
  struct np_tree_list list;
  struct stat status;
  if (np_tree_list_open(&list, directory) != 0 || np_tree_list_enter(&list, ".") != 0) return;
  while (list.depth > 0) {
    const char *name = np_tree_list_next(&list);
    if (name == NULL) {
      if (np_tree_list_leave(&list) != 0) return;
      continue;
    }
    // What vanishes meanwhile, or cannot be entered, is left alone.
    if (fstatat(list.at, name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(status.st_mode)) (void)np_tree_list_enter(&list, name);
    touch(list.at, S_ISDIR(status.st_mode) ? "." : name);
  }
  np_tree_list_close(&list);
}

void np_lease_refresh(int lease, int directory) {
  if (lease >= 0) (void)futimens(lease, NULL);
  if (directory < 0 || fork() != 0) return;
  prctl(PR_SET_NAME, "nixpack-sync");
  touch_all(directory);
  _exit(0);
}

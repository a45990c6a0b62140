#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

void np_close_cleanup(int *fd) {
  int saved = errno;
  if (*fd >= 0) close(*fd);
  errno = saved;
}

void np_free_cleanup(void *pointer) {
  free(*(void **)pointer);
}

int np_write_all(int fd, const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    ssize_t done = write(fd, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    at += done;
    size -= (size_t)done;
  }
  return 0;
}

ssize_t np_read_all(int fd, void *data, size_t size) {
  size_t used = 0;
  while (used < size) {
    ssize_t done = read(fd, (char *)data + used, size - used);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    if (done == 0) break;
    used += (size_t)done;
  }
  return (ssize_t)used;
}

int np_pread_all(int fd, void *data, size_t size, uint64_t offset) {
  size_t used = 0;
  while (used < size) {
    ssize_t done = pread(fd, (char *)data + used, size - used, (off_t)(offset + used));
    if (done < 0 && errno == EINTR) continue;
    if (done == 0) errno = EIO;
    if (done <= 0) return -1;
    used += (size_t)done;
  }
  return 0;
}

ssize_t np_read_text(int dir, const char *path, char *text, size_t size) {
  cleanup_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return -1;
  ssize_t length = np_read_all(fd, text, size - 1);
  if (length >= 0) text[length] = '\0';
  return length;
}

// Kernels before 5.9 have no close_range.
static void close_one_by_one(unsigned first, unsigned last) {
  struct rlimit limit;
  if (last == ~0U) {
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 65536) last = 65536;
    else last = (unsigned)limit.rlim_cur;
  }
  for (unsigned fd = first; fd <= last; fd++) close((int)fd);
}

static void close_between(unsigned first, unsigned last) {
  if (first > last) return;
  if (syscall(SYS_close_range, first, last, 0) != 0) close_one_by_one(first, last);
}

static int compare_fds(const void *a, const void *b) {
  return *(const int *)a - *(const int *)b;
}

void np_close_others(int *keep, size_t count) {
  unsigned next = 3;
  if (count > 0) qsort(keep, count, sizeof *keep, compare_fds);
  for (size_t i = 0; i < count; i++) {
    if (keep[i] < (int)next) continue;
    if (keep[i] > 3) close_between(next, (unsigned)keep[i] - 1);
    next = (unsigned)keep[i] + 1;
  }
  close_between(next, ~0U);
}

void np_reserve_stdio(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is taken; without /dev/null nothing is lost but the protection.
    if (open("/dev/null", O_RDWR | O_CLOEXEC) < 0) open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
}

// fill-at MOUNT BYTES: as soon as so many bytes of the file system are in use, a neighbour takes all that is left, in the file
// "neighbour" there. Prints "ready" first; ends when it has filled it.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static void take_all(int file, const struct statvfs *status) {
  uint64_t size = (uint64_t)status->f_bavail * status->f_frsize, at = 0;
  // Others take some at the same time: less is tried until there is not a block left.
  while (size >= status->f_frsize) {
    if (fallocate(file, 0, (off_t)at, (off_t)size) == 0) at += size;
    else size /= 2;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  uint64_t limit = strtoull(argv[2], NULL, 10);
  int root = open(argv[1], O_RDONLY | O_DIRECTORY), file = openat(root, "neighbour", O_WRONLY | O_CREAT, 0600);
  struct statvfs status;
  const struct timespec pause = { .tv_nsec = 100000 };
  if (root < 0 || file < 0) {
    perror(argv[1]);
    return 2;
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    if (fstatvfs(root, &status) != 0) return 2;
    if ((uint64_t)(status.f_blocks - status.f_bfree) * status.f_frsize >= limit) break;
    nanosleep(&pause, NULL);
  }
  take_all(file, &status);
  return 0;
}

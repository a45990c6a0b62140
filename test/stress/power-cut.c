// power-cut MOUNT MICROSECONDS NEIGHBOUR STEP: after so many microseconds the file system loses, at once, everything that it has not
// yet written to its device, and writes nothing more. Until then a neighbour does something every STEP microseconds:
//   none   nothing
//   file   syncs a small file of its own, which makes the journal commit also what others did: names of files without contents
//   all    syncs the whole file system
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define EXT4_GOING_FLAGS_NOLOGFLUSH 2

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_until(long end) {
  const struct timespec until = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) continue;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  long end = now_us() + atol(argv[2]), step = atol(argv[4]);
  const uint32_t how = EXT4_GOING_FLAGS_NOLOGFLUSH;
  int root = open(argv[1], O_RDONLY | O_DIRECTORY), file = openat(root, "neighbour", O_WRONLY | O_CREAT, 0600);
  if (root < 0 || file < 0) {
    perror(argv[1]);
    return 2;
  }
  while (strcmp(argv[3], "none") != 0 && now_us() + step < end) {
    wait_until(now_us() + step);
    if (write(file, "x", 1) != 1 || (strcmp(argv[3], "file") == 0 ? fsync(file) : syncfs(root)) != 0) perror("neighbour");
  }
  wait_until(end);
  if (ioctl(root, EXT4_IOC_SHUTDOWN, &how) == 0) return 0;
  perror("EXT4_IOC_SHUTDOWN");
  return 2;
}

#include "doctor-isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Bytes until the end of the pipe, or -1 when the time is over.
static ssize_t read_until(int fd, char *data, size_t size) {
  const int64_t deadline = now_ms() + (int64_t)NP_DOCTOR_TIMEOUT_S * 1000;
  size_t used = 0;
  while (used < size) {
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    int64_t left = deadline - now_ms();
    int ready = left <= 0 ? 0 : poll(&wait, 1, (int)left);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return -1;
    ssize_t done = read(fd, data + used, size - used);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) break;
    used += (size_t)done;
  }
  return (ssize_t)used;
}

enum np_isolated np_isolate(np_isolated_work *work, void *context, void *result, size_t size) {
  int ends[2];
  cleanup_free void *buffer = calloc(1, size);
  if (buffer == NULL || pipe2(ends, O_CLOEXEC) != 0) return NP_ISOLATED_FAILED;
  pid_t child = fork();
  if (child == 0) {
    // A group of its own: Ctrl-C must not keep it from removing what it has made.
    (void)setpgid(0, 0);
    work(context, buffer);
    _exit(np_write_all(ends[1], buffer, size) == 0 ? 0 : 1);
  }
  int saved = errno;
  close(ends[1]);
  ssize_t length = child > 0 ? read_until(ends[0], buffer, size) : 0;
  close(ends[0]);
  errno = saved;
  if (child < 0) return NP_ISOLATED_FAILED;
  if (length < 0) {
    // Also what it has started; who waits for a dead disk in the kernel cannot be waited for.
    if (kill(-child, SIGKILL) != 0) (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, WNOHANG);
    return NP_ISOLATED_HANGS;
  }
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  if ((size_t)length != size) return NP_ISOLATED_DIED;
  memcpy(result, buffer, size);
  return NP_ISOLATED_DONE;
}

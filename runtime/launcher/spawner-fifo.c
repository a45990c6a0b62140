#include "spawner-fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = { "out", "err" };

// Opening the write end alone would wait for a reader, and fail without one when it must not wait.
static int make(int dir, const char *name, int size, int *holder) {
  if (unlinkat(dir, name, 0) != 0 && errno != ENOENT) return -1;
  if (mkfifoat(dir, name, 0600) != 0) return -1;
  *holder = openat(dir, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (*holder < 0) return -1;
  (void)fcntl(*holder, F_SETPIPE_SZ, size);
  return openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

static int make_wanted(struct np_fifos *fifos, const bool wanted[2], int writers[2]) {
  int dir = open(fifos->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (dir < 0) return -1;
  for (int i = 0; i < 2; i++) {
    if (!wanted[i]) continue;
    writers[i] = make(dir, names[i], fifos->pipe_size, &fifos->holders[i]);
    if (writers[i] >= 0) continue;
    int reason = errno;
    close(dir);
    errno = reason;
    return -1;
  }
  close(dir);
  return 0;
}

int np_fifos_make(struct np_fifos *fifos, const char *dir, const bool wanted[2], int writers[2]) {
  writers[0] = writers[1] = -1;
  // What a spawner that was killed has left may be there still.
  if (mkdir(dir, 0700) != 0 && errno != EEXIST) return -1;
  fifos->dir = strdup(dir);
  if (fifos->dir != NULL && make_wanted(fifos, wanted, writers) == 0) return 0;
  int reason = errno;
  for (int i = 0; i < 2; i++) {
    if (writers[i] >= 0) close(writers[i]);
    writers[i] = -1;
  }
  if (fifos->dir == NULL) rmdir(dir);
  np_fifos_end(fifos);
  errno = reason;
  return -1;
}

int np_fifos_give(const struct np_fifos *fifos, uid_t uid) {
  for (int i = 0; i < 2; i++) if (fifos->holders[i] >= 0 && fchown(fifos->holders[i], uid, (gid_t)-1) != 0) return -1;
  return 0;
}

void np_fifos_end(struct np_fifos *fifos) {
  if (fifos->dir == NULL) return;
  for (int i = 0; i < 2; i++) {
    char path[4096];
    if (fifos->holders[i] >= 0) close(fifos->holders[i]);
    if (snprintf(path, sizeof path, "%s/%s", fifos->dir, names[i]) < (int)sizeof path) unlink(path);
  }
  rmdir(fifos->dir);
  free(fifos->dir);
  *fifos = NP_NO_FIFOS;
}

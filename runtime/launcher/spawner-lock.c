#include "spawner-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd.h"
#include "spawner-address.h"

static void fail(struct np_spawner *spawner, const char *id) {
  int reason = errno;
  np_event_begin(&spawner->out, "error", id);
  np_event_number(&spawner->out, "errno", reason);
  np_event_put(&spawner->out, "text", strerror(reason));
  np_event_end(&spawner->out);
}

static void name_holder(struct np_spawner *spawner, const char *id, int fd) {
  char text[24] = "";
  ssize_t size = pread(fd, text, sizeof text - 1, 0);
  np_event_begin(&spawner->out, "lock-held", id);
  np_event_number(&spawner->out, "pid", size > 0 ? strtol(text, NULL, 10) : 0);
  np_event_end(&spawner->out);
}

// Also for the case that the lock is held and the file is not written yet: it is empty then, not somebody else's.
static int write_holder(int fd, pid_t supervisor) {
  char text[24];
  int length = snprintf(text, sizeof text, "%d\n", (int)supervisor);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) return -1;
  return 0;
}

void np_lock_take(struct np_spawner *spawner, const struct np_request *request) {
  const char *path = np_request_value(request, "path");
  if (path == NULL || path[0] != '/') {
    errno = EINVAL;
    return fail(spawner, request->id);
  }
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
  if (fd < 0) return fail(spawner, request->id);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) name_holder(spawner, request->id, fd);
    else fail(spawner, request->id);
  } else if (write_holder(fd, spawner->supervisor) != 0) fail(spawner, request->id);
  else {
    np_event(&spawner->out, "locked", request->id);
    return;
  }
  close(fd);
}

// Whose process it was when it began to listen: the kernel's word, not that of the peer. It is not waited for.
void np_lock_peer(struct np_spawner *spawner, const struct np_request *request) {
  const char *name = np_request_value(request, "name");
  struct sockaddr_un address;
  struct ucred peer;
  socklen_t size, length = sizeof peer;
  cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  errno = fd < 0 ? errno : EINVAL;
  if (fd < 0 || name == NULL || np_address_local(&address, &size, name) != 0) return fail(spawner, request->id);
  if (connect(fd, (const struct sockaddr *)&address, size) != 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
    return fail(spawner, request->id);
  np_event_begin(&spawner->out, "peer", request->id);
  np_event_number(&spawner->out, "uid", peer.uid);
  np_event_number(&spawner->out, "pid", peer.pid);
  np_event_end(&spawner->out);
}

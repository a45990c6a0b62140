#include "spawner-tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"
#include "spawner-address.h"
#include "spawner-guardians.h"

#define TEXT_LIMIT 4096

static size_t join_lines(char *text, size_t room, const struct np_request *request) {
  size_t used = 0;
  for (size_t i = 0; i < request->count; i++) {
    const char *line = np_field_value(request->fields[i], "state");
    if (line == NULL) continue;
    size_t length = strlen(line);
    if (length + 1 > room - used) break;
    memcpy(text + used, line, length);
    text[used + length] = '\n';
    used += length + 1;
  }
  return used;
}

// Whom a service manager has started: init, where there is one, else the supervisor.
static pid_t find_main(pid_t supervisor) {
  const struct np_guardians guardians = np_find_guardians(supervisor);
  return guardians.init > 0 ? guardians.init : supervisor;
}

static int send_as(int fd, pid_t pid, const char *text, size_t length) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
  const struct ucred claim = { .pid = pid, .uid = geteuid(), .gid = getegid() };
  struct iovec part = { .iov_base = (char *)(uintptr_t)text, .iov_len = length };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_CREDENTIALS;
  head->cmsg_len = CMSG_LEN(sizeof claim);
  memcpy(CMSG_DATA(head), &claim, sizeof claim);
  return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

// By default systemd listens to the process that it has started and to no other. Only root may speak for another one; a
// user has to declare NotifyAccess=all.
static int send_text(const struct np_spawner *spawner, int fd, const char *text) {
  if (send_as(fd, find_main(spawner->supervisor), text, strlen(text)) == 0) return 0;
  if (errno != EPERM && errno != ESRCH) return -1;
  return send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int connect_outer(const struct np_spawner *spawner) {
  struct sockaddr_un name;
  socklen_t size;
  cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || np_address_local(&name, &size, spawner->outer) != 0) return -1;
  if (connect(fd, (const struct sockaddr *)&name, size) != 0) return -1;
  int connected = fd;
  fd = -1;
  return connected;
}

static void complain(struct np_spawner *spawner, const char *id) {
  np_spawner_error(spawner, id, "cannot notify \"%s\": %s", spawner->outer, strerror(errno));
}

static void tell_rest(struct np_spawner *spawner, struct np_source *source) {
  while (spawner->untold_count > 0) {
    if (send_text(spawner, source->fd, spawner->untold[0]) != 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      complain(spawner, "");
    }
    free(spawner->untold[0]);
    memmove(spawner->untold, spawner->untold + 1, --spawner->untold_count * sizeof *spawner->untold);
  }
  np_source_close(spawner, source);
}

static bool is_status(const char *text) {
  return strncmp(text, "STATUS=", 7) == 0;
}

// READY=1 must not be lost; of how it is, only the latest counts.
static bool keep(struct np_spawner *spawner, const char *text) {
  unsigned count = spawner->untold_count;
  if (count > 0 && is_status(spawner->untold[count - 1]) && is_status(text)) free(spawner->untold[--count]);
  spawner->untold_count = count;
  if (count == NP_UNTOLD || (spawner->untold[count] = strdup(text)) == NULL) return false;
  spawner->untold_count++;
  return true;
}

// Its queue is full: the rest follows as soon as there is room.
static bool tell_later(struct np_spawner *spawner, int fd, const char *text) {
  if (!keep(spawner, text)) return false;
  spawner->outer_room.ready = tell_rest;
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return own >= 0 && np_source_add(spawner, &spawner->outer_room, own, EPOLLOUT) == 0;
}

void np_tell(struct np_spawner *spawner, const struct np_request *request) {
  char text[TEXT_LIMIT + 1];
  text[join_lines(text, TEXT_LIMIT, request)] = '\0';
  if (spawner->outer == NULL || text[0] == '\0') return;
  if (spawner->outer_room.fd >= 0) {
    errno = EAGAIN;
    if (!keep(spawner, text)) complain(spawner, request->id);
    return;
  }
  cleanup_fd int fd = connect_outer(spawner);
  if (fd >= 0 && send_text(spawner, fd, text) == 0) return;
  if (fd < 0 || errno != EAGAIN || !tell_later(spawner, fd, text)) complain(spawner, request->id);
}

#include "spawner-tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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
static int send_text(const struct np_spawner *spawner, const char *text, size_t length) {
  struct sockaddr_un name;
  socklen_t size;
  cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || np_address_local(&name, &size, spawner->outer) != 0) return -1;
  if (connect(fd, (const struct sockaddr *)&name, size) != 0) return -1;
  if (send_as(fd, find_main(spawner->supervisor), text, length) == 0) return 0;
  if (errno != EPERM && errno != ESRCH) return -1;
  return send(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

void np_tell(struct np_spawner *spawner, const struct np_request *request) {
  char text[TEXT_LIMIT];
  size_t length = join_lines(text, sizeof text, request);
  if (spawner->outer == NULL || length == 0) return;
  if (send_text(spawner, text, length) != 0)
    np_spawner_error(spawner, request->id, "cannot notify \"%s\": %s", spawner->outer, strerror(errno));
}

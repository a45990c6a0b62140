#include "spawner-notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"
#include "spawner-address.h"
#include "spawner-close.h"

#define DATAGRAM_LIMIT 4096
// Of one child before the others have their turn.
#define BATCH 32
// The kernel's own limit: what it would have to drop for want of room, it would close on our behalf.
#define PASSED_LIMIT 253

int np_notify_open(const char *path, uid_t uid) {
  struct sockaddr_un name;
  socklen_t size;
  int on = 1;
  cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || np_address_local(&name, &size, path) != 0) return -1;
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return -1;
  if (path[0] != '@') unlink(path);
  mode_t before = umask(0177);
  int result = bind(fd, (const struct sockaddr *)&name, size), reason = errno;
  umask(before);
  errno = reason;
  if (result != 0 || (path[0] != '@' && uid != (uid_t)-1 && lchown(path, uid, (gid_t)-1) != 0)) return -1;
  int bound = fd;
  fd = -1;
  return bound;
}

struct datagram {
  char text[DATAGRAM_LIMIT];
  size_t size;
  bool cut;
  struct ucred sender;
  int passed[PASSED_LIMIT];
  unsigned passed_count;
};

static void take_control(struct datagram *datagram, struct msghdr *message) {
  for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
    if (at->cmsg_level != SOL_SOCKET) continue;
    size_t size = at->cmsg_len - CMSG_LEN(0);
    if (at->cmsg_type == SCM_CREDENTIALS && size == sizeof datagram->sender) memcpy(&datagram->sender, CMSG_DATA(at), size);
    if (at->cmsg_type != SCM_RIGHTS || size > sizeof datagram->passed) continue;
    memcpy(datagram->passed, CMSG_DATA(at), size);
    datagram->passed_count = (unsigned)(size / sizeof *datagram->passed);
  }
}

static bool receive(struct datagram *datagram, int fd) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof datagram->passed) + CMSG_SPACE(sizeof datagram->sender)];
  struct iovec text = { .iov_base = datagram->text, .iov_len = sizeof datagram->text };
  struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  *datagram = (struct datagram){ .sender = { .pid = 0, .uid = (uid_t)-1 } };
  ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return false;
  datagram->size = (size_t)size;
  datagram->cut = (message.msg_flags & MSG_TRUNC) != 0;
  take_control(datagram, &message);
  return true;
}

static bool is_line(const char *line, size_t length, const char *text) {
  return length == strlen(text) && memcmp(line, text, length) == 0;
}

// Returns whether the sender waits for its descriptor to be closed.
static bool pass_on(struct np_spawner *spawner, const char *id, const struct datagram *datagram) {
  const char *at = datagram->text, *end = at + datagram->size;
  bool barrier = false, begun = false;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    size_t length = (size_t)((stop == NULL ? end : stop) - at);
    if (is_line(at, length, "BARRIER=1")) barrier = true;
    else if (length > 0) {
      if (!begun) {
        np_event_begin(&spawner->out, "notified", id);
        np_event_number(&spawner->out, "pid", datagram->sender.pid);
        np_event_number(&spawner->out, "uid", datagram->sender.uid);
        begun = true;
      }
      np_event_text(&spawner->out, "field", at, length);
    }
    at += length + 1;
  }
  if (begun) np_event_end(&spawner->out);
  return barrier;
}

// All that came before is in the queue: the sender may go on when the queue is out. Without room it goes on at once.
static void close_later(struct np_spawner *spawner, int fd) {
  for (int i = 0; i < NP_BARRIERS; i++) {
    if (spawner->barriers[i].fd >= 0) continue;
    spawner->barriers[i].fd = fd;
    spawner->barriers[i].behind = np_events_end(&spawner->out);
    return;
  }
  np_close_passed(&fd, 1);
}

static bool is_trusted(const struct datagram *datagram, uid_t uid) {
  uid_t sender = datagram->sender.uid;
  return sender == geteuid() || sender == 0 || (uid != (uid_t)-1 && sender == uid);
}

// True when it may be passed on.
static bool check(struct np_spawner *spawner, const char *id, uid_t uid, const struct datagram *datagram, bool *told) {
  const bool trusted = is_trusted(datagram, uid), has_nul = memchr(datagram->text, '\0', datagram->size) != NULL;
  if (trusted && !datagram->cut && !has_nul) return true;
  if (*told) return false;
  *told = true;
  if (!trusted)
    np_spawner_error(spawner, id, "a notification of process %d is dropped: it belongs to user %u", (int)datagram->sender.pid, (unsigned)datagram->sender.uid);
  else if (datagram->cut) np_spawner_error(spawner, id, "a notification of more than %d bytes is dropped", DATAGRAM_LIMIT);
  else np_spawner_error(spawner, id, "a notification that holds NUL is dropped");
  return false;
}

static void take(struct np_spawner *spawner, const char *id, struct datagram *datagram, bool passes) {
  const bool barrier = passes && pass_on(spawner, id, datagram);
  if (!barrier) return np_close_passed(datagram->passed, datagram->passed_count);
  for (unsigned i = 0; i < datagram->passed_count; i++) close_later(spawner, datagram->passed[i]);
}

void np_notify_read(struct np_spawner *spawner, int fd, const char *id, uid_t uid, bool *told) {
  static struct datagram datagram;
  for (int i = 0; i < BATCH && receive(&datagram, fd); i++) take(spawner, id, &datagram, check(spawner, id, uid, &datagram, told));
}

void np_notify_settle(struct np_spawner *spawner) {
  for (int i = 0; i < NP_BARRIERS; i++) {
    if (spawner->barriers[i].fd < 0 || spawner->barriers[i].behind > spawner->out.written) continue;
    np_close_passed(&spawner->barriers[i].fd, 1);
    spawner->barriers[i].fd = -1;
  }
}

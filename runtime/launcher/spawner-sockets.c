#include "spawner-sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "spawner-address.h"

struct np_socket {
  struct np_socket *next;
  char *name;
  struct np_address address;
  int fd;  // -1: every child gets one that is bound for it
  dev_t device;
  ino_t inode;
  struct np_source watch;
};

static struct np_socket *find(const struct np_spawner *spawner, const char *name) {
  struct np_socket *at = spawner->sockets;
  while (at != NULL && strcmp(at->name, name) != 0) at = at->next;
  return at;
}

static const char *path_of(const struct np_socket *self) {
  return ((const struct sockaddr_un *)&self->address.name)->sun_path;
}

static void remove_path(const struct np_socket *self) {
  struct stat status;
  if (self->address.local && self->inode != 0 && lstat(path_of(self), &status) == 0 && status.st_dev == self->device &&
      status.st_ino == self->inode)
    unlink(path_of(self));
}

static void forget(struct np_socket *self) {
  remove_path(self);
  if (self->fd >= 0) close(self->fd);
  free(self->name);
  free(self);
}

static void refuse(struct np_spawner *spawner, const char *name, int reason, const char *text) {
  np_event_begin(&spawner->out, "refused", name);
  np_event_number(&spawner->out, "errno", reason);
  np_event_put(&spawner->out, "text", text);
  np_event_end(&spawner->out);
}

static void note_path(struct np_socket *self) {
  struct stat status;
  if (!self->address.local || lstat(path_of(self), &status) != 0) return;
  self->device = status.st_dev;
  self->inode = status.st_ino;
}

// With reuse-port the address is only reserved. A datagram socket would take its share of what arrives, so it has to go.
static int open_socket(struct np_socket *self) {
  self->fd = np_address_bind(&self->address);
  if (self->fd < 0) return -1;
  note_path(self);
  if (!self->address.reuse_port) return np_address_listen(&self->address, self->fd);
  if (self->address.stream) return 0;
  close(self->fd);
  self->fd = -1;
  return 0;
}

// A child that calls shutdown() has closed the socket for all who share it, also for datagrams (and where it is told ENOTCONN).
static bool is_shut(const struct np_socket *self) {
  struct pollfd state = { .fd = self->fd, .events = POLLRDHUP };
  return self->fd >= 0 && !self->address.reuse_port && poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLRDHUP)) != 0;
}

// A stream in the internet can listen again; the others stay as they are, and are replaced. While a child still has its copy, a
// second socket for datagrams gets the address only when both agree; it is the newer one that the kernel prefers.
static void revive(struct np_socket *self) {
  const bool shares = !self->address.local && !self->address.stream;
  int on = 1, off = 0;
  if (!self->address.local && self->address.stream) {
    (void)np_address_listen(&self->address, self->fd);
    return;
  }
  remove_path(self);
  if (shares) (void)setsockopt(self->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int fd = np_address_bind_again(&self->address);
  if (fd < 0) return;
  if (shares) (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
  if (np_address_listen(&self->address, fd) == 0) (void)dup3(fd, self->fd, O_CLOEXEC);
  close(fd);
  note_path(self);
}

// A child that has called connect() on a socket for datagrams hears nobody else on it, nor would the next one. A port that the
// kernel had chosen is lost with the peer.
static void disconnect(const struct np_socket *self) {
  const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  if (self->address.stream || self->address.reuse_port || getpeername(self->fd, (struct sockaddr *)&peer, &size) != 0) return;
  if (connect(self->fd, &nobody, sizeof nobody) == 0 && !self->address.local)
    (void)bind(self->fd, (const struct sockaddr *)&self->address.name, self->address.size);
}

void np_sockets_revive(struct np_spawner *spawner) {
  for (struct np_socket *at = spawner->sockets; at != NULL; at = at->next) if (is_shut(at)) revive(at);
}

void np_socket_listen(struct np_spawner *spawner, const struct np_request *request) {
  struct np_address address;
  if (find(spawner, request->id) != NULL) return refuse(spawner, request->id, EEXIST, "a socket of this name is open");
  errno = 0;
  const char *problem = np_address_parse(&address, request);
  if (problem != NULL) return refuse(spawner, request->id, errno == ENAMETOOLONG ? ENAMETOOLONG : EINVAL, problem);
  struct np_socket *self = calloc(1, sizeof *self);
  char *name = strdup(request->id);
  if (self == NULL || name == NULL) {
    free(self);
    free(name);
    return refuse(spawner, request->id, ENOMEM, strerror(ENOMEM));
  }
  *self = (struct np_socket){ .name = name, .address = address, .fd = -1, .watch = { .fd = -1, .owner = self } };
  if (open_socket(self) != 0) {
    int reason = errno;
    forget(self);
    return refuse(spawner, request->id, reason, strerror(reason));
  }
  self->next = spawner->sockets;
  spawner->sockets = self;
  np_event_begin(&spawner->out, "listening", self->name);
  np_event_number(&spawner->out, "port", np_address_port(&self->address));
  np_event_end(&spawner->out);
}

void np_socket_unlisten(struct np_spawner *spawner, const struct np_request *request) {
  struct np_socket **link = &spawner->sockets;
  while (*link != NULL && strcmp((*link)->name, request->id) != 0) link = &(*link)->next;
  if (*link == NULL) return;
  struct np_socket *self = *link;
  *link = self->next;
  np_source_close(spawner, &self->watch);
  forget(self);
}

static void demand(struct np_spawner *spawner, struct np_source *source) {
  struct np_socket *self = source->owner;
  np_source_close(spawner, source);
  np_event(&spawner->out, "demanded", self->name);
}

// The loop gets a descriptor of its own, so that it can be given up without the socket.
void np_socket_watch(struct np_spawner *spawner, const struct np_request *request) {
  struct np_socket *self = find(spawner, request->id);
  if (self == NULL) return np_spawner_error(spawner, request->id, "cannot watch the socket: it is not open");
  if (self->watch.fd >= 0) return;
  if (self->address.reuse_port) return np_spawner_error(spawner, request->id, "cannot watch the socket: its children have one each");
  int fd = fcntl(self->fd, F_DUPFD_CLOEXEC, 3);
  self->watch.ready = demand;
  if (fd < 0 || np_source_add(spawner, &self->watch, fd, EPOLLIN) != 0)
    np_spawner_error(spawner, request->id, "cannot watch the socket: %s", strerror(errno));
}

void np_socket_unwatch(struct np_spawner *spawner, const struct np_request *request) {
  struct np_socket *self = find(spawner, request->id);
  if (self != NULL) np_source_close(spawner, &self->watch);
}

int np_socket_for_child(struct np_spawner *spawner, const char *name) {
  struct np_socket *self = find(spawner, name);
  if (self == NULL) {
    errno = ENOENT;
    return -1;
  }
  if (is_shut(self)) revive(self);
  disconnect(self);
  if (!self->address.reuse_port) return fcntl(self->fd, F_DUPFD_CLOEXEC, 3);
  int fd = np_address_bind(&self->address);
  if (fd < 0 || np_address_listen(&self->address, fd) == 0) return fd;
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

void np_sockets_end(struct np_spawner *spawner) {
  while (spawner->sockets != NULL) {
    struct np_socket *self = spawner->sockets;
    spawner->sockets = self->next;
    np_source_close(spawner, &self->watch);
    forget(self);
  }
}

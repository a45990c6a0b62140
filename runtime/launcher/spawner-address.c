#include "spawner-address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "number.h"

int np_address_local(struct sockaddr_un *name, socklen_t *size, const char *path) {
  size_t length = strlen(path);
  *name = (struct sockaddr_un){ .sun_family = AF_UNIX };
  // A path ends with NUL, the kernel counts it; an abstract name has its length.
  if (length >= sizeof name->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(name->sun_path, path, length);
  *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '@' ? 0 : 1));
  if (path[0] == '@') name->sun_path[0] = '\0';
  return 0;
}

// Numbers only: a look-up by name takes time that nobody here has.
static const char *parse_internet(struct np_address *address, const char *host, const char *port) {
  const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = address->stream ? SOCK_STREAM : SOCK_DGRAM };
  struct addrinfo *found;
  long number;
  if (host == NULL || host[0] == '\0') return "host";
  if (port == NULL || !np_parse_number(port, 10, 0, 65535, &number)) return "port";
  if (getaddrinfo(host, port, &hints, &found) != 0) return "host";
  memcpy(&address->name, found->ai_addr, found->ai_addrlen);
  address->size = found->ai_addrlen;
  freeaddrinfo(found);
  return NULL;
}

static const char *parse_local(struct np_address *address, const char *path) {
  struct sockaddr_un name;
  if (path == NULL || path[0] != '/') return "path";
  if (np_address_local(&name, &address->size, path) != 0) return "path";
  memcpy(&address->name, &name, sizeof name);
  return NULL;
}

static bool parse_optional(const struct np_request *request, const char *key, int base, long most, long *value) {
  const char *text = np_request_value(request, key);
  return text == NULL || np_parse_number(text, base, 0, most, value);
}

static bool is_on(const struct np_request *request, const char *key) {
  const char *text = np_request_value(request, key);
  return text != NULL && strcmp(text, "1") == 0;
}

const char *np_address_parse(struct np_address *address, const struct np_request *request) {
  const char *kind = np_request_value(request, "kind"), *interface = np_request_value(request, "interface");
  *address = (struct np_address){ .mode = -1, .umask = -1, .backlog = 2048 };
  if (kind == NULL) return "kind";
  address->local = strncmp(kind, "unix", 4) == 0;
  address->stream = strcmp(kind, "tcp") == 0 || strcmp(kind, "unix") == 0;
  if (!address->stream && strcmp(kind, "udp") != 0 && strcmp(kind, "unixgram") != 0) return "kind";
  address->reuse_port = is_on(request, "reuse-port");
  address->replace = is_on(request, "replace");
  if (address->local && address->reuse_port) return "reuse-port";
  if (!parse_optional(request, "mode", 8, 0777, &address->mode)) return "mode";
  if (!parse_optional(request, "umask", 8, 0777, &address->umask)) return "umask";
  if (!parse_optional(request, "backlog", 10, 1L << 20, &address->backlog)) return "backlog";
  if (interface != NULL && strlen(interface) >= sizeof address->interface) return "interface";
  if (interface != NULL) memcpy(address->interface, interface, strlen(interface) + 1);
  if (address->local) return parse_local(address, np_request_value(request, "path"));
  return parse_internet(address, np_request_value(request, "host"), np_request_value(request, "port"));
}

static const char *path_of(const struct np_address *address) {
  return ((const struct sockaddr_un *)&address->name)->sun_path;
}

// Accident prevented: only a socket is ever replaced.
static int remove_old(const struct np_address *address) {
  struct stat status;
  if (!address->replace || lstat(path_of(address), &status) != 0) return 0;
  if (!S_ISSOCK(status.st_mode)) {
    errno = EEXIST;
    return -1;
  }
  return unlink(path_of(address));
}

// Attack prevented: whoever may write to the directory replaces the socket by a link to what only we may change. Usually there is
// nothing to do: only a default ACL of the directory keeps the mode from being what umask makes it.
static int set_mode(const struct np_address *address) {
  struct stat status;
  const mode_t mode = (mode_t)address->mode;
  if (lstat(path_of(address), &status) != 0) return -1;
  if (S_ISSOCK(status.st_mode) && (status.st_mode & 0777) == mode) return 0;
  return fchmodat(AT_FDCWD, path_of(address), mode, AT_SYMLINK_NOFOLLOW);
}

static int bind_local(const struct np_address *address, int fd) {
  if (remove_old(address) != 0) return -1;
  mode_t before = umask(address->mode < 0 ? 0 : 0777 & ~(mode_t)address->mode);
  if (address->mode < 0) umask(address->umask >= 0 ? (mode_t)address->umask : before);
  int result = bind(fd, (const struct sockaddr *)&address->name, address->size);
  int saved = errno;
  umask(before);
  errno = saved;
  if (result != 0 || address->mode < 0) return result;
  return set_mode(address);
}

static int bind_internet(struct np_address *address, int fd, bool again) {
  int on = 1;
  // Not for datagrams: there it would share the port with whoever comes.
  if ((address->stream || again) && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
  if (address->reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) return -1;
  size_t length = strlen(address->interface);
  if (length > 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, address->interface, (socklen_t)length + 1) != 0) return -1;
  if (bind(fd, (const struct sockaddr *)&address->name, address->size) != 0) return -1;
  socklen_t size = sizeof address->name;
  return getsockname(fd, (struct sockaddr *)&address->name, &size);
}

static int bind_new(struct np_address *address, bool again) {
  cleanup_fd int fd = socket(address->name.ss_family, (address->stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if ((address->local ? bind_local(address, fd) : bind_internet(address, fd, again)) != 0) return -1;
  int bound = fd;
  fd = -1;
  return bound;
}

int np_address_bind(struct np_address *address) {
  return bind_new(address, false);
}

int np_address_bind_again(struct np_address *address) {
  return bind_new(address, true);
}

int np_address_listen(const struct np_address *address, int fd) {
  return address->stream ? listen(fd, (int)address->backlog) : 0;
}

unsigned np_address_port(const struct np_address *address) {
  if (address->name.ss_family == AF_INET) return ntohs(((const struct sockaddr_in *)&address->name)->sin_port);
  if (address->name.ss_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)&address->name)->sin6_port);
  return 0;
}

// Sockets bound to an address, as a request "listen" describes them.
#ifndef NP_SPAWNER_ADDRESS_H
#define NP_SPAWNER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "spawner-frame.h"

struct np_address {
  bool stream, local, reuse_port, replace;
  long mode, umask, backlog;  // -1: not given
  char interface[16];         // empty: any
  struct sockaddr_storage name;
  socklen_t size;
};

// NULL, or the key that is wrong or missing.
const char *np_address_parse(struct np_address *address, const struct np_request *request);

// A path, or "@NAME" in the abstract name space. -1 with errno ENAMETOOLONG.
int np_address_local(struct sockaddr_un *name, socklen_t *size, const char *path);

// -1: errno. The port that was found for port 0 stays in `address`.
int np_address_bind(struct np_address *address);
// Beside the socket that has the address: both have SO_REUSEADDR.
int np_address_bind_again(struct np_address *address);
int np_address_listen(const struct np_address *address, int fd);
// 0 for local ones.
unsigned np_address_port(const struct np_address *address);

#endif

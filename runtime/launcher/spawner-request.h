// What a request "spawn" asks for. Strings stay those of the request.
#ifndef NP_SPAWNER_REQUEST_H
#define NP_SPAWNER_REQUEST_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "spawner-frame.h"

#define NP_SPAWN_RLIMITS 16
#define NP_SPAWN_GROUPS 256
#define NP_SPAWN_SOCKETS 64
#define NP_SPAWN_UNSET (-1000000L)
// What the spawner itself adds to the environment.
#define NP_SPAWN_OWN_VARIABLES 5

enum np_stdio { NP_STDIO_NULL, NP_STDIO_INHERIT, NP_STDIO_FIFO, NP_STDIO_SOCKET };

struct np_rlimit {
  int resource;
  const char *name;
  struct rlimit limit;
};

struct np_spawn {
  const char *program, *cwd, *fifo_dir, *notify, *stdin_socket;
  enum np_stdio stdio[3];
  long umask, nice, oom_score_adj, uid, gid;  // NP_SPAWN_UNSET: leave as it is
  struct np_rlimit rlimits[NP_SPAWN_RLIMITS];
  unsigned rlimit_count;
  gid_t groups[NP_SPAWN_GROUPS];
  int group_count;  // -1: leave as they are
  const char *sockets[NP_SPAWN_SOCKETS];
  unsigned socket_count;
  int ready_fd;        // -1: none
  bool ends_group;     // with its leader
  char **arguments;    // ends with NULL
  char **environment;  // with room for NP_SPAWN_OWN_VARIABLES more
  size_t environment_count;
};

// NULL, or the key that is wrong or missing. Freed by np_spawn_free either way.
const char *np_spawn_parse(struct np_spawn *spawn, const struct np_request *request);
void np_spawn_free(struct np_spawn *spawn);

#endif

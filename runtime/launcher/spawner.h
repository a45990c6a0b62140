// The spawner (argv[1] is "spawner"): the one process that starts every child of a supervisor and holds what the supervisor's
// runtime cannot hold: sockets for children, notify sockets, readiness pipes, locks. It is single-threaded and never
// waits for anything but its next event; it is no subreaper, so that orphans go to the warden.
#ifndef NP_SPAWNER_H
#define NP_SPAWNER_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "spawner-event.h"
#include "spawner-frame.h"

#define NP_SPAWNER_FD 3
#define NP_ID_SIZE 256
#define NP_BARRIERS 16
#define NP_UNTOLD 32

struct np_spawner;
struct np_child;
struct np_socket;

// One descriptor of the loop; fd -1: not in use.
struct np_source {
  int fd;
  void (*ready)(struct np_spawner *spawner, struct np_source *source);
  void *owner;
};

struct np_spawner {
  pid_t supervisor;
  pid_t warden;  // 0: none
  int poll, null;
  struct rlimit nofile;  // as the user has set it; ours is raised, a child gets it back
  const char *outer;     // NOTIFY_SOCKET of whoever supervises us, or NULL
  // For whoever supervises us, whose queue is full.
  char *untold[NP_UNTOLD];
  unsigned untold_count;
  struct np_source outer_room;
  struct np_source signals;
  struct np_frames in;
  struct np_events out;
  struct np_child *children;
  struct np_socket *sockets;
  // Descriptors that are closed as soon as the event before them is on its way.
  struct {
    int fd;
    uint64_t behind;
  } barriers[NP_BARRIERS];
};

// `argv` is "spawner" and the process id of the supervisor.
int np_spawner_main(char **argv);

// Opens no descriptor, takes `fd` over. -1: errno.
int np_source_add(struct np_spawner *spawner, struct np_source *source, int fd, uint32_t events);
// Its descriptor belongs to the caller from now on.
int np_source_leave(struct np_spawner *spawner, struct np_source *source);
// Children may hold the same open file: it leaves the loop only when it is told to.
void np_source_close(struct np_spawner *spawner, struct np_source *source);

// Everything that a request can fail with, apart from those that have an event of their own.
void np_spawner_error(struct np_spawner *spawner, const char *id, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

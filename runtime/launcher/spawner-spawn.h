// Children, from the request to their last event.
#ifndef NP_SPAWNER_SPAWN_H
#define NP_SPAWNER_SPAWN_H

#include "spawner-fifo.h"
#include "spawner-request.h"
#include "spawner.h"

struct np_successor;

struct np_child {
  struct np_child *next;
  char id[NP_ID_SIZE];
  pid_t pid;    // 0: reaped
  bool failed;      // its last event was sent
  bool executed;    // its program
  bool opened;      // the supervisor has its ends of the FIFOs
  bool ready_told;
  bool released;    // nobody listens to its notify socket any more
  bool drop_told;   // that a notification was dropped
  bool ends_group;  // what it has left in its group ends with it
  uid_t uid;    // (uid_t)-1: ours
  char *notify_path;
  struct np_successor *successor;  // or NULL
  struct np_fifos fifos;
  struct np_source status, ready, notify;
};

void np_child_spawn(struct np_spawner *spawner, const struct np_request *request);
void np_child_opened(struct np_spawner *spawner, const struct np_request *request);
void np_child_release(struct np_spawner *spawner, const struct np_request *request);
void np_child_signal(struct np_spawner *spawner, const struct np_request *request);
// What the kernel has to tell about children that have ended.
void np_children_reap(struct np_spawner *spawner);
void np_children_end(struct np_spawner *spawner);

struct np_child *np_child_find(const struct np_spawner *spawner, const char *id);
// Closes what is left, and frees it when nothing more can happen to it.
void np_child_settle(struct np_spawner *spawner, struct np_child *child);
// Reads what the pipes and sockets of a child that has ended still hold.
void np_child_drain(struct np_spawner *spawner, struct np_child *child);

#endif

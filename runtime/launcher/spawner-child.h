// The forked child on its way to its program.
#ifndef NP_SPAWNER_CHILD_H
#define NP_SPAWNER_CHILD_H

#include "spawner-request.h"

// What arrives through the status pipe when the program cannot be executed; nothing when it was. Less than PIPE_BUF.
struct np_child_failure {
  int reason;
  char stage[12];
  char what[260];  // of the stage, or empty
};

struct np_child_setup {
  struct np_spawn *spawn;
  pid_t spawner;
  struct rlimit nofile;
  int stdio[3];
  int sockets[NP_SPAWN_SOCKETS];
  int ready;   // -1: none
  int status;  // write end
};

_Noreturn void np_child_run(struct np_child_setup *setup);

#endif

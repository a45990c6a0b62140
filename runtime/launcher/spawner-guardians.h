#ifndef NP_SPAWNER_GUARDIANS_H
#define NP_SPAWNER_GUARDIANS_H

#include <sys/types.h>

struct np_guardians {
  pid_t warden, init;  // 0: there is none, or /proc does not tell
};

// Of the bundle that the supervisor belongs to.
struct np_guardians np_find_guardians(pid_t supervisor);

#endif

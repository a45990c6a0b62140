// stdout and stderr of a child. FIFOs for a moment, because the supervisor's runtime can open a path but cannot take a
// descriptor over; nameless as soon as both ends are open.
#ifndef NP_SPAWNER_FIFO_H
#define NP_SPAWNER_FIFO_H

#include <stdbool.h>
#include <sys/types.h>

struct np_fifos {
  char *dir;
  int holders[2];  // out, err: both ends, so that neither side waits for the other
  int pipe_size;   // asked for; the kernel may refuse
};

#define NP_NO_FIFOS ((struct np_fifos){ .dir = NULL, .holders = { -1, -1 } })

// Makes `dir` and in it what is wanted, of `pipe_size`; the write ends are for the child. -1: errno, nothing is left.
int np_fifos_make(struct np_fifos *fifos, const char *dir, const bool wanted[2], int writers[2]);
// For a child that becomes another user, who has to be able to open /dev/stdout.
int np_fifos_give(const struct np_fifos *fifos, uid_t uid);
// The readers are there, or nobody wants them.
void np_fifos_end(struct np_fifos *fifos);

#endif

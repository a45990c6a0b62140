// Init (the process the user started) and warden (its child, in a session of its own): each is subreaper and guardian of
// what is below it.
#ifndef NP_INIT_H
#define NP_INIT_H

#include "error.h"

#define NP_WARDEN_NAME "nixpack-warden"

struct np_command {
  const char *program;
  char **arguments;
  char **environment;
  int lease, directory;  // held until nothing below is left, or -1
};

// The exit status of the command (128+n when signal n killed it), after nothing below is left.
int np_init_run(const struct np_command *command, struct np_error *error);

#endif

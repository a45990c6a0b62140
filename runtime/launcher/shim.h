// The exec shim: what a supervisor cannot do through its runtime's spawn, done in the child right before exec.
#ifndef NP_SHIM_H
#define NP_SHIM_H

#include <sys/resource.h>
#include <sys/types.h>

#define NP_SHIM_RLIMITS 16
#define NP_SHIM_GROUPS 64

struct np_shim {
  int status_fd;
  pid_t parent;
  int pdeathsig;
  const char *fifo_dir, *cwd;
  long umask, nice, oom_score_adj, uid, gid;  // NP_SHIM_UNSET: leave as it is
  struct {
    int resource;
    struct rlimit limit;
  } rlimits[NP_SHIM_RLIMITS];
  unsigned rlimit_count;
  gid_t groups[NP_SHIM_GROUPS];
  int group_count;  // -1: leave as they are
  char **command;   // program, argv[0], arguments…
};

#define NP_SHIM_UNSET (-1000000L)

// argv[1] is "exec". Returns the exit status of a failure.
int np_shim_main(char **argv);

// Fills the options; NULL, or what is wrong with the command line.
const char *np_shim_parse(struct np_shim *shim, char **argv);

#endif

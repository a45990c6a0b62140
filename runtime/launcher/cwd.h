// The caller's working directory, found again in the new root.
#ifndef NP_CWD_H
#define NP_CWD_H

#include <limits.h>
#include <sys/stat.h>

struct np_cwd {
  char path[PATH_MAX];
  struct stat status;
  int known;
};

void np_cwd_save(struct np_cwd *cwd);
// Falls back to / with a warning when another directory, or none, has that name now.
void np_cwd_restore(const struct np_cwd *cwd);

#endif

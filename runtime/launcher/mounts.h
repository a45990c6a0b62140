// Which mount a path is on, for explanations only: decisions are taken by trying.
#ifndef NP_MOUNTS_H
#define NP_MOUNTS_H

#include <limits.h>
#include <stdbool.h>

struct np_mount {
  char point[PATH_MAX];  // empty: unknown
  char type[32];
  bool read_only, no_exec;
};

// The path need not exist.
void np_mount_of(struct np_mount *mount, const char *path);
// 1: / is a mount of its own; 0: it is not, as inside a chroot; -1: unknown.
int np_mount_is_root(void);

#endif

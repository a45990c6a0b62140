// The file that is running: where it is, and where its own ELF image ends.
#ifndef NP_SELF_H
#define NP_SELF_H

#include <limits.h>
#include <stdint.h>

#include "error.h"

struct np_self {
  int fd;
  uint64_t size;
  uint64_t elf_size;    // the launcher without anything appended
  char path[PATH_MAX];  // absolute
};

int np_self_open(struct np_self *self, const char *argv0, struct np_error *error);

#endif

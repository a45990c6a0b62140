// The directory that the archive targets unpack into, on a tmpfs: every call of the launcher that could write is watched,
// and what is there afterwards is compared with what may be there. Violations are findings.
#ifndef NP_FUZZ_ARENA_H
#define NP_FUZZ_ARENA_H

#include <stdbool.h>
#include <stdint.h>

// Made at the first call, removed at the end of the process. Holds nothing at the beginning of each input.
int np_arena_root(void);

struct np_arena_claim {
  const char *base;     // the store path that was unpacked
  bool complete;        // nothing was refused
  uint64_t files_size;  // complete: of all regular files
  uint64_t files_limit;
  const char *absent;   // what no symlink's target may hold, or NULL
};

// Checks, seals, checks again and removes.
void np_arena_check(const struct np_arena_claim *claim);

#endif

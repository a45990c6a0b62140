// The search for a cache directory as the doctor follows it, and its parts.
#ifndef NP_CACHE_FIND_H
#define NP_CACHE_FIND_H

#include <sys/statvfs.h>

#include "cache.h"
#include "finding.h"

int np_cache_candidates(void);
// Tries one as a start would, and leaves nothing behind that was not there. False: it is not for this user.
bool np_cache_examine(int candidate, const struct np_cache_request *request, struct np_finding *finding);

// Parts of cache-find.c.
struct np_candidate {
  char path[PATH_MAX];
  int own_parents;  // how many missing parents may be created
  bool forced;      // the user's own choice
};

// In cache-candidate.c. 0: to be tried; 1: not for this user; -1: the finding says why there is nothing to try.
int np_candidate_get(struct np_candidate *candidate, int number, struct np_finding *finding);

// In cache-directory.c: the directory, created when it is missing; -1 with the finding. *created: how long the path of the
// topmost directory is that had to be created, 0 for none. `examine`: it is going to be removed again, and a mode is left as it is.
int np_candidate_open(struct np_candidate *candidate, bool examine, size_t *created, struct np_finding *finding);
void np_candidate_remove(const char *path, size_t created);
// The command line in which another directory is chosen.
bool np_candidate_elsewhere(struct np_finding *finding);

// In cache-room.c: how much of the bundle has to be unpacked into the cache at `dir`.
struct np_missing {
  uint32_t paths;
  uint64_t bytes;  // on disk, as far as archives tell
};
void np_cache_missing(struct np_missing *missing, int dir, const char *path, const struct np_cache_request *request, bool durable);
// UINT64_MAX: unlimited, or not known.
uint64_t np_free_bytes(const struct statvfs *status);
// Whether there is room for it. An impossible answer of the file system counts as room.
bool np_cache_has_room(int dir, const char *path, const struct np_cache_request *request, bool forced, struct np_finding *finding);

// In cache-explain.c: cause and remedy of a directory in which the probe failed, that cannot be created, that cannot be written to.
bool np_explain_probe(struct np_finding *finding, const char *path);
bool np_explain_create(struct np_finding *finding, const char *path);

// In cache-probe.c, as np_cache_probe: executes what is there already; executes a program that is gone afterwards.
const char *np_cache_probe_existing(int dir);
const char *np_cache_probe_once(int dir);
bool np_cache_is_writable(int dir);

#endif

// Where the store paths of a bundle are put on this host: the cache directory in use, what is unpacked into it, and the lease.
#ifndef NP_PLACE_H
#define NP_PLACE_H

#include "cache.h"

struct np_place {
  struct np_bundle *bundle;
  struct np_cache cache;
  bool has_cache;
  bool has_unpacked;  // something was missing
  int next;  // candidate to go on with when this cache directory fails
  struct np_relocation relocation;
  const bool *elsewhere;  // by path number: nothing to unpack, or NULL
  // Descriptors to be held as long as the bundle runs, or not above 2: see lease.h.
  int lease, directory;
  // The result, for who starts the program.
  const char *engine;
  char entrypoint[PATH_MAX];  // its store path as the program will see it
  char runtime[PATH_MAX];     // composed bundles
};

// 0: place->cache is open; 1: no cache directory is usable; -1: the user's choice is not.
int np_place_find(struct np_place *place, bool relocated, struct np_error *error);
// Unpacks what is missing, moving on to the next cache directory from one that fails. As np_place_find.
int np_place_unpack(struct np_place *place, bool relocated, struct np_error *error);
// Everything is below `store`, under the names that the cache gives.
void np_place_name(struct np_place *place, const char *store);
// Takes the lease; before anything looks whether the paths are there.
void np_place_lease(struct np_place *place);
void np_place_close(struct np_place *place);

#endif

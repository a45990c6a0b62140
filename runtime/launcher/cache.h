// The cache directory of one user: layout, search, and the marks that say which store paths may be used.
#ifndef NP_CACHE_H
#define NP_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct np_cache {
  int dir, store, tmp, locks, durable, pending;
  bool volatile_store;  // on a tmpfs of our own: nothing to sync, nothing outlives us
  char path[PATH_MAX];
  char boot[64];
};

// NP_STALE: there, but published in another boot and never synced, so a power cut may have emptied its files.
enum np_presence { NP_MISSING, NP_STALE, NP_PENDING, NP_DURABLE };

enum np_presence np_cache_presence(const struct np_cache *cache, const char *name);
int np_cache_mark_pending(const struct np_cache *cache, const char *name);
int np_cache_mark_durable(const struct np_cache *cache, const char *name);

// Opens the directories below an open cache directory (creating them), takes over `dir`. -1 with errno.
int np_cache_open_at(struct np_cache *cache, int dir, const char *path);
void np_cache_close(struct np_cache *cache);

// 0: found; 1: no candidate is usable (error filled); -1: NIXPACK_CACHE_DIR is set and unusable.
int np_cache_find(struct np_cache *cache, struct np_error *error);

// The program in a cache directory that np_cache_probe executes.
#define NP_PROBE "probe"

// Whether programs can be executed from the directory: one is. NULL when they can, else what failed (errno set).
const char *np_cache_probe(int dir);

#endif

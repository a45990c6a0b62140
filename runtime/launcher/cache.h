// The cache directory of one user: layout, search, and the marks that say which store paths may be used.
#ifndef NP_CACHE_H
#define NP_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "bundle.h"
#include "error.h"
#include "relocation.h"

// One store of a cache directory: the plain one, or a tree relocated for the directory's present path.
struct np_cache {
  int dir, tmp;
  int store, locks, durable, pending;
  bool volatile_store;  // on a tmpfs of our own: nothing to sync, nothing outlives us
  bool read_only;       // holds all that is needed; nothing can be created in it
  int candidate;        // which one of the search it is
  char path[PATH_MAX];
  char boot[64];
  const struct np_relocation *relocation;  // NULL: the plain store
  const bool *elsewhere;                   // by path number: used from another place; NULL: none
};

// NP_STALE: there, but published in another boot and never synced, so a power cut may have emptied its files.
// NP_FOREIGN: the name is taken, or claimed, by another path, which a relocated tree cannot tell from this one.
enum np_presence { NP_MISSING, NP_STALE, NP_FOREIGN, NP_PENDING, NP_DURABLE };

// The path's name below cache->store.
const char *np_cache_name(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);
enum np_presence np_cache_presence(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);
bool np_cache_holds(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);
// Whoever looks from now on sees the name as this path's; for a relocated tree, under its lock.
int np_cache_claim(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);
// It counts as stale from now on, and as ours all the same. Under the path's lock.
void np_cache_unmark(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);
int np_cache_mark_pending(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);
int np_cache_mark_durable(const struct np_cache *cache, const struct np_bundle *bundle, uint32_t path);

// Opens the directories of the plain store below an open cache directory (creating them unless read_only), takes over `dir`. -1 with errno.
int np_cache_open_at(struct np_cache *cache, int dir, const char *path);
void np_cache_close(struct np_cache *cache);

struct np_cache_request {
  const struct np_bundle *bundle;
  bool relocated;  // a directory is needed that np_relocation_problem has nothing against
  int first;       // the candidate to begin with: those before have failed
};

// 0: found; 1: no candidate is usable (error filled); -1: NIXPACK_CACHE_DIR is set and unusable.
int np_cache_find(struct np_cache *cache, const struct np_cache_request *request, struct np_error *error);

// Selects a tree for the bundle in an open cache; `relocation` must live as long as the cache. In cache-tree.c.
int np_cache_use_tree(struct np_cache *cache, const struct np_bundle *bundle, struct np_relocation *relocation, struct np_error *error);
// Selects tree `number` if it was made for this directory and `bundle`. 0: selected; 1: it is not there; -1: failed, with errno.
int np_cache_open_tree(struct np_cache *cache, const struct np_bundle *bundle, struct np_relocation *relocation, unsigned number, bool create);
#define NP_TREE_COUNT 10

// The program in a cache directory that np_cache_probe executes.
#define NP_PROBE "probe"

// Whether programs can be executed from the directory: one is. NULL when they can, else what failed (errno set).
const char *np_cache_probe(int dir);

#endif

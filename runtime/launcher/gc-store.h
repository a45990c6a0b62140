// The parts of a cache directory as the collector sees them: the plain store, and every relocated tree whatever directory it was
// made for.
#ifndef NP_GC_STORE_H
#define NP_GC_STORE_H

#include <time.h>

#include "cache.h"
#include "names.h"
#include "session.h"

#define NP_UNUSED_S (30 * 24 * 60 * 60)
// The plain store and the trees by number; two directories of a cache that was moved may have the same number.
#define NP_STORES_MAX 24

struct np_gc_store {
  int kind;  // 0: the plain store; else number of the tree, plus 1
  int store, locks, durable, pending;
  bool is_foreign;  // the host's /nix/store: what has no mark is not ours
  char directory[16];
};

struct np_gc {
  const struct np_cache *cache;
  time_t now;
  struct np_gc_store stores[NP_STORES_MAX];
  size_t store_count;
  struct np_names used;                     // by some process
  struct np_names live[NP_TREE_COUNT + 1];  // listed by a living root entry, by kind
  unsigned roots[NP_TREE_COUNT + 1];        // entries, dead or alive
  struct np_session session;
  unsigned removed;       // names in the session
  struct timespec decided;
};

// Young: changed within the last 30 days, or in the future.
bool np_gc_is_young(const struct np_gc *gc, int dir, const char *name);

// In gc-roots.c. Reads all root entries and fills `live`; dead ones are removed when `remove`. *dead: how many there are. -1: some
// entry cannot be read, so nothing may be collected.
int np_gc_roots(struct np_gc *gc, int roots, bool remove, unsigned *dead);
void np_gc_forget(struct np_gc *gc);

// In gc-store.c.
void np_gc_open_stores(struct np_gc *gc);
void np_gc_close_stores(struct np_gc *gc);
// The names of paths in the store, whether or not somebody uses them; sorted.
int np_gc_list(const struct np_gc_store *store, struct np_names *names);
// Whether nobody has used the path for long. The caller has read the roots.
bool np_gc_is_garbage(const struct np_gc *gc, const struct np_gc_store *store, const char *name);
// 1: removed; 0: left alone.
int np_gc_remove(struct np_gc *gc, const struct np_gc_store *store, const char *name);

// In gc-litter.c: what belongs to no path or bundle any more.
void np_gc_litter(struct np_gc *gc);

#endif

// The collector of the cache directory: removes store paths that nobody has used for 30 days.
//
// Why a start and the collector cannot hurt each other:
// - A start takes its lease (lease.h) BEFORE it looks whether its paths are there. It writes the root entry under the gate, shared;
//   the collector reads all entries, decides and renames under the gate, exclusively. Either the entry was there when the collector
//   decided, and the paths stay; or the start looks after they have gone, and unpacks them again.
// - Whoever unpacks a path holds its lock, and the collector passes over a path that it cannot lock.
// - A path loses its marks, then its name; its files are deleted only then. Killed at any instant, the collector leaves a complete
//   path (without marks it is verified by its hash before it is used) or none.
// - A start waits for the gate for three seconds at the most, so a collector that was stopped could miss it: before every single
//   removal it looks at the clock, and decides anew when more than a second has passed.
#ifndef NP_GC_H
#define NP_GC_H

#include "cache.h"

bool np_gc_is_due(const struct np_cache *cache);

// At most once a day, and by one process at a time; otherwise returns at once. In a process that nobody waits for.
void np_gc_run(const struct np_cache *cache);

#endif

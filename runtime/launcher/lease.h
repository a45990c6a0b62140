// Which bundles use which paths of a cache directory: <cache>/roots/<identity>.<store> lists the paths of one bundle in one store
// ("store", or the number of a relocated tree). Its time stamp says when the bundle was last started, to within minutes; a shared
// flock on it is a lease: the bundle runs.
#ifndef NP_LEASE_H
#define NP_LEASE_H

#include "bundle.h"
#include "cache.h"

#define NP_ROOTS "roots"
#define NP_DAY_S (24 * 60 * 60)
#define NP_ROOT_NAME_SIZE (2 * NP_SHA256_SIZE + 8)

void np_root_name(const struct np_cache *cache, const struct np_bundle *bundle, char name[NP_ROOT_NAME_SIZE]);

// The gate between starts and the collector: a start holds it (LOCK_SH) while it writes its root entry, the collector (LOCK_EX)
// while it decides and removes. Waits a little. A descriptor of the directory of the entries, to be closed; -1 with errno.
int np_roots_open(const struct np_cache *cache, int operation);

// To be called before anything looks whether the paths are there. Paths that a cleaner has emptied lose their marks; what was looked
// at within ten minutes is believed.
// The lease, to be held as long as the bundle runs (it is not inherited by programs); -1: there is none, which is never fatal.
int np_lease_take(const struct np_cache *cache, const struct np_bundle *bundle);

// A shared flock on the cache directory itself, when it lies where cleaners come by: systemd-tmpfiles passes over a directory that
// it cannot lock. The descriptor is as high as possible and closed on exec; whoever executes the program of a plain bundle clears
// FD_CLOEXEC, since nothing of ours remains that could hold it. -1: not needed, or not possible.
int np_lease_hold_directory(const struct np_cache *cache);

// Once a day while the bundle runs, with the two descriptors from above (or -1): the root entry stays young, and so does everything
// in the cache directory for cleaners that look at nothing but time stamps. The work is done by a child process, which ends soon.
void np_lease_refresh(int lease, int directory);

#endif

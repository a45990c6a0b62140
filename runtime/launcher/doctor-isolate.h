// A piece of work in a process of its own, which may hang (a dead network file system) or be killed (a seccomp filter).
#ifndef NP_DOCTOR_ISOLATE_H
#define NP_DOCTOR_ISOLATE_H

#include <stddef.h>

typedef void np_isolated_work(void *context, void *result);

enum np_isolated { NP_ISOLATED_DONE, NP_ISOLATED_HANGS, NP_ISOLATED_DIED, NP_ISOLATED_FAILED };

// FAILED: it could not be started, errno says why. `result` is only written to when it is done.
enum np_isolated np_isolate(np_isolated_work *work, void *context, void *result, size_t size);

// Seconds until work that has not come back is given up. Tests have less patience.
#ifdef NP_LOCK_TIMEOUT_S
#define NP_DOCTOR_TIMEOUT_S (3 * NP_LOCK_TIMEOUT_S)
#else
#define NP_DOCTOR_TIMEOUT_S 10
#endif

#endif

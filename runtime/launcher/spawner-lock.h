#ifndef NP_SPAWNER_LOCK_H
#define NP_SPAWNER_LOCK_H

#include "spawner.h"

// Held until the spawner ends; the file says which supervisor holds it.
void np_lock_take(struct np_spawner *spawner, const struct np_request *request);
// Who listens at the local address `name`.
void np_lock_peer(struct np_spawner *spawner, const struct np_request *request);

#endif

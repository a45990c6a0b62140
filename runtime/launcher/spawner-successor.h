// The successor of a child: what the spawner starts by itself at its end, when the supervisor has said beforehand that this is
// what it would do. A supervisor that has slept needs milliseconds for that.
#ifndef NP_SPAWNER_SUCCESSOR_H
#define NP_SPAWNER_SUCCESSOR_H

#include "spawner-spawn.h"

// `next` is the id of the successor, `unless-code` and `unless-signal` are ends after which there is none; the rest is as for "spawn".
void np_successor_name(struct np_spawner *spawner, const struct np_request *request);
// No child has one any more.
void np_successors_drop(struct np_spawner *spawner);
// The same; says so behind the end of each that had one.
void np_successors_take_back(struct np_spawner *spawner, const struct np_request *request);

// For a child that has been waited for: its id when the successor is to be started. NULL when there is none for such an end, or
// when something of the child is left that the supervisor has to end first.
const char *np_successor_find(const struct np_spawner *spawner, const struct np_child *child, int status);
void np_successor_spawn(struct np_spawner *spawner, const struct np_successor *successor);
void np_successor_free(struct np_successor *successor);

#endif

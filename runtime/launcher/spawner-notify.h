// What children say by sd_notify.
#ifndef NP_SPAWNER_NOTIFY_H
#define NP_SPAWNER_NOTIFY_H

#include "spawner.h"

// -1: errno. The path belongs to `uid` then, unless that is (uid_t)-1.
int np_notify_open(const char *path, uid_t uid);

// Passes what has arrived on: `uid` is the user of the child, whom it may come from beside root and ourselves.
// That something is dropped is told once, when `told` is not set yet: everybody can reach an abstract socket.
void np_notify_read(struct np_spawner *spawner, int fd, const char *id, uid_t uid, bool *told);

// Closes what waits for events that have gone out.
void np_notify_settle(struct np_spawner *spawner);

#endif

// Declared sockets: they outlive the children that are given them.
#ifndef NP_SPAWNER_SOCKETS_H
#define NP_SPAWNER_SOCKETS_H

#include "spawner.h"

void np_socket_listen(struct np_spawner *spawner, const struct np_request *request);
void np_socket_unlisten(struct np_spawner *spawner, const struct np_request *request);
void np_socket_watch(struct np_spawner *spawner, const struct np_request *request);
void np_socket_unwatch(struct np_spawner *spawner, const struct np_request *request);

// A descriptor of its own for one child; -1: errno, ENOENT when nothing is declared under this name.
int np_socket_for_child(struct np_spawner *spawner, const char *name);

// After the end of a child: those that it has shut down accept connections again.
void np_sockets_revive(struct np_spawner *spawner);

// Removes the paths that are still ours.
void np_sockets_end(struct np_spawner *spawner);

#endif

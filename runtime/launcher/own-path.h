// In a store that is not ours alone (engine nix-dir): which paths are.
#ifndef NP_OWN_PATH_H
#define NP_OWN_PATH_H

#include <stdbool.h>

// Whether a mark of ours says that it was put there by us, and nobody has made it anew since then.
bool np_is_own_path(int store, int durable, int pending, const char *name);

#endif

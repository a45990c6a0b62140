#ifndef NP_TREE_SIZE_H
#define NP_TREE_SIZE_H

#include <stdint.h>

// Bytes in the regular files of the tree `name` in the directory `dir`; no symlink is followed. -1 with errno.
int np_tree_size(int dir, const char *name, uint64_t *bytes);

#endif

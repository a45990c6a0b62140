// The engine `relocate`: which name every path of a bundle gets below a directory of another length than /nix/store's.
#ifndef NP_RELOCATION_H
#define NP_RELOCATION_H

#include "bundle.h"
#include "rewrite.h"

// A tree's directory is written where "/nix/store/" and the first characters of a hash were: at least one of these has to stay.
#define NP_TREE_MAX (NP_REFERENCE_SIZE - 2)

struct np_relocation {
  char tree[NP_TREE_MAX + 1];  // absolute
  size_t head;                 // characters of a hash that are left
  struct np_rewriter forward, backward;
  char **names;  // on disk, by path number
  uint32_t count;
};

// Trees of a cache directory: <cache>/0 ... <cache>/9, the number padded so that the whole hash and no more can stay.
// -1: its path is too long.
int np_relocation_tree(char tree[NP_TREE_MAX + 1], const char *cache_path, unsigned number);

// NULL, or why trees in this cache directory cannot be used for the bundle.
const char *np_relocation_problem(const struct np_bundle *bundle, const char *cache_path);

// `tree` must be one for which np_relocation_problem had no objection. -1: out of memory.
int np_relocation_create(struct np_relocation *relocation, const struct np_bundle *bundle, const char *tree);
void np_relocation_free(struct np_relocation *relocation);

#endif

// Unpacks many frames with one thread per processor, biggest frames first.
#ifndef NP_POOL_H
#define NP_POOL_H

#include "bundle.h"

// Called once per path, from any thread, when its last frame is unpacked below `root`.
typedef int np_pool_done(void *context, uint32_t path, struct np_error *error);

struct np_pool_work {
  const struct np_bundle *bundle;
  int root;
  const struct np_rewriter *rewriter;  // of references to store paths, or NULL
  const uint32_t *paths;
  uint32_t path_count;
  int progress;  // a directory whose time stamp shows other processes that this one gets on, or -1
  np_pool_done *done;
  void *context;
};

int np_pool_run(const struct np_pool_work *work, struct np_error *error);

#endif

// One frame: its bytes are hashed first, and reach the decoder only when they are the ones the index promises.
#ifndef NP_FRAME_H
#define NP_FRAME_H

#include "bundle.h"
#include "tree.h"

int np_frame_verify(const struct np_bundle *bundle, const struct np_frame *frame, struct np_error *error);
// *files_size: bytes in regular files.
int np_frame_unpack(const struct np_bundle *bundle, const struct np_frame *frame, struct np_tree *tree, uint64_t *files_size,
                    struct np_error *error);

#endif

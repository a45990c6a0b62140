// The hash by which Nix knows a store path: SHA-256 of its serialisation as a NAR.
#ifndef NP_NAR_H
#define NP_NAR_H

#include <stdint.h>

#include "error.h"
#include "rewrite.h"
#include "sha256.h"

// Of the tree `name` in the directory `dir`. Contents of files and targets of symlinks go through `backward` first, so that a
// relocated tree gets the hash of the original; NULL: they are hashed as they are. -1 with errno: it cannot be read; EUCLEAN: it
// is nothing that Nix knows, or changes meanwhile.
int np_nar_hash(int dir, const char *name, const struct np_rewriter *backward, uint8_t digest[NP_SHA256_SIZE], struct np_error *error);

#endif

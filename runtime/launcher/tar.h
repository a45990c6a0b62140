// A streaming reader of the archives nixpack writes: ustar with pax headers for path, linkpath and size, and only
// directories, regular files and symlinks. Everything else is refused by name.
#ifndef NP_TAR_H
#define NP_TAR_H

#include <limits.h>
#include <stdint.h>

#include "error.h"
#include "tree.h"

#define NP_TAR_BLOCK 512
#define NP_PAX_LIMIT 16384

enum np_tar_state { NP_TAR_HEADER, NP_TAR_PAX, NP_TAR_BODY, NP_TAR_PADDING, NP_TAR_END };

struct np_tar {
  struct np_tree *tree;
  enum np_tar_state state;
  uint64_t left;     // bytes of the current part
  unsigned padding;  // after it
  unsigned zero_blocks;
  uint64_t files_size;
  uint64_t files_limit;
  unsigned mode;
  int has_size;
  uint64_t size;
  unsigned filled;
  char name[PATH_MAX];
  char link[PATH_MAX];
  uint8_t block[NP_TAR_BLOCK];
  char pax[NP_PAX_LIMIT + 1];
};

// files_limit: the most that all regular files together may hold.
void np_tar_init(struct np_tar *tar, struct np_tree *tree, uint64_t files_limit);
int np_tar_feed(struct np_tar *tar, const uint8_t *data, size_t size, struct np_error *error);
// After the last byte: was the archive complete?
int np_tar_finish(const struct np_tar *tar, struct np_error *error);

// Fields of one header block; -1 when malformed. In tar-header.c.
int np_tar_number(const uint8_t *field, size_t size, uint64_t *value);
int np_tar_checksum_ok(const uint8_t *block);
int np_tar_pax(struct np_tar *tar, size_t size, struct np_error *error);

#endif

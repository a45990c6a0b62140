// The last 128 bytes of a bundle.
#ifndef NP_FOOTER_H
#define NP_FOOTER_H

#include "self.h"
#include "sha256.h"

struct np_footer {
  uint64_t index_offset;
  uint64_t index_size;
  uint64_t launcher_size;
  uint8_t index_digest[NP_SHA256_SIZE];
};

// 1: nothing is appended to the launcher; 0: valid, and its offsets fit the file; -1: damaged.
int np_footer_read(struct np_footer *footer, const struct np_self *self, struct np_error *error);

#endif

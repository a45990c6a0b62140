// The verified index of a bundle. Records are validated once, in np_bundle_read; users may trust every field.
#ifndef NP_BUNDLE_H
#define NP_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "self.h"
#include "sha256.h"

#define NP_STORE_DIR "/nix/store"

struct np_path {
  const char *name;  // store base name
  uint32_t first_frame;
  uint32_t frame_count;
  uint64_t unpacked_size;
  const uint8_t *nar_hash;
  bool references;    // something in it names a path of this bundle
  const char *notes;  // what relocation cannot rewrite: "<reason>\t<file>\n" each; empty: nothing
};

struct np_frame {
  uint64_t offset;
  uint64_t size;
  uint64_t tar_size;
  const uint8_t *digest;
  uint32_t path;
};

struct np_bundle {
  int fd;
  const char *file;
  bool composed;
  bool safe;  // no path has notes
  const char *name;
  const char *program;
  uint32_t entrypoint;
  uint32_t runtime;
  uint32_t path_count;
  uint32_t frame_count;
  struct np_path *paths;
  struct np_frame *frames;
  uint64_t launcher_size;
  uint64_t index_offset;
  uint8_t identity[NP_SHA256_SIZE];
  uint8_t *index;  // owns the digests
  char *strings;   // owns names and notes
};

// 1: no bundle is appended to the launcher; 0: read and verified; -1: damaged.
int np_bundle_read(struct np_bundle *bundle, const struct np_self *self, struct np_error *error);
void np_bundle_free(struct np_bundle *bundle);
int np_bundle_damaged(const char *file, struct np_error *error, const char *what);

#endif

// The index behind digests that are right, in a file of any size. The input: where the launcher and the frames end (the
// bits above: switches), and the index.
#include <string.h>

#include "bundle-file.h"
#include "bytes.h"
#include "format.h"
#include "fuzz.h"

#define LARGEST_FILE (1ULL << 62)
#define GAPLESS (1ULL << 63)

static void put_le64(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (8 * i));
}

// Offsets that follow from the sizes, modulo 2^64, so that only the sizes can be wrong.
static void make_gapless(uint8_t *index, size_t size, uint64_t offset, uint64_t end) {
  if (size < NP_INDEX_HEADER_SIZE) return;
  uint64_t paths = np_le32(index + 16), frames = np_le32(index + 20), at = NP_INDEX_HEADER_SIZE + paths * NP_PATH_RECORD_SIZE;
  for (; frames > 0 && at + NP_FRAME_RECORD_SIZE <= size; frames--, at += NP_FRAME_RECORD_SIZE) {
    put_le64(index + at, offset);
    if (frames == 1) put_le64(index + at + 8, end - offset);
    offset += np_le64(index + at + 8);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct np_input in = { data, size };
  uint64_t switches = np_take(&in, 8), launcher_size = switches % LARGEST_FILE, index_offset = np_take(&in, 8) % LARGEST_FILE;
  uint8_t *index = malloc(in.size + 1);
  np_require(index != NULL);
  memcpy(index, in.data, in.size);
  // The header of the launcher must not lie in the index.
  if (launcher_size < 64) launcher_size = 64;
  if (index_offset < launcher_size) index_offset = launcher_size;
  if ((switches & GAPLESS) != 0) make_gapless(index, in.size, launcher_size, index_offset);
  np_require(np_bundle_file_clear(index_offset + in.size + NP_FOOTER_SIZE) == 0);
  np_bundle_file_put_elf(launcher_size);
  np_bundle_file_put(index_offset, index, in.size);
  np_bundle_file_put_footer(launcher_size, index_offset, index, in.size);
  np_bundle_file_read();
  free(index);
  return 0;
}

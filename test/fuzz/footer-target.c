// The file as a whole: launcher's end, footer, and what they say about the index. The input is the file behind one byte
// of switches that decides which digests and sizes are made right.
#include <string.h>

#include "bundle-file.h"
#include "bytes.h"
#include "format.h"
#include "fuzz.h"

#define SEAL_FOOTER 1U
#define SEAL_INDEX 2U
#define FIT 4U

static void put_le64(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static void seal(uint8_t *file, size_t size, unsigned switches) {
  uint8_t *footer = file + size - NP_FOOTER_SIZE;
  if ((switches & FIT) != 0) {
    put_le64(footer + 24, size - NP_FOOTER_SIZE - np_le64(footer + 16));
    put_le64(footer + 72, size);
  }
  uint64_t offset = np_le64(footer + 16), length = np_le64(footer + 24);
  if ((switches & SEAL_INDEX) != 0 && offset <= size && length <= size - offset) np_sha256(file + offset, (size_t)length, footer + 32);
  if ((switches & SEAL_FOOTER) != 0) np_sha256(footer, NP_FOOTER_HASHED_SIZE, footer + NP_FOOTER_HASHED_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct np_input in = { data, size };
  unsigned switches = (unsigned)np_take(&in, 1);
  uint8_t *file = malloc(in.size + 1);
  np_require(file != NULL);
  memcpy(file, in.data, in.size);
  if (in.size >= NP_FOOTER_SIZE) seal(file, in.size, switches);
  np_require(np_bundle_file_clear(in.size) == 0);
  np_bundle_file_put(0, file, in.size);
  np_bundle_file_read();
  free(file);
  return 0;
}

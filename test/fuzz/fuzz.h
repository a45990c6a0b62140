// What every fuzz target uses: reading its input, and the check whose failure is a finding.
#ifndef NP_FUZZ_H
#define NP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define np_require(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: violated: %s\n", __FILE__, __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

struct np_input {
  const uint8_t *data;
  size_t size;
};

// Little-endian; zeros behind the end.
static inline uint64_t np_take(struct np_input *in, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes && in->size > 0; i++, in->data++, in->size--) value |= (uint64_t)*in->data << (8 * i);
  return value;
}

// A generator for decisions that need no byte of the input each, such as where a stream is cut.
static inline unsigned np_next_random(uint32_t *state) {
  *state = *state * 1664525U + 1013904223U;
  return *state >> 16;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

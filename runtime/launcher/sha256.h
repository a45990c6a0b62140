// SHA-256 (FIPS 180-4); uses the processor's SHA instructions where it has them.
#ifndef NP_SHA256_H
#define NP_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NP_SHA256_SIZE 32

void np_sha256(const void *data, size_t size, uint8_t digest[NP_SHA256_SIZE]);
bool np_sha256_matches(const void *data, size_t size, const uint8_t digest[NP_SHA256_SIZE]);

// Block functions, chosen at run time. np_sha256_native is NULL where this build has none.
typedef void np_sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks);
np_sha256_blocks np_sha256_portable;
np_sha256_blocks *np_sha256_native(void);
extern const uint32_t np_sha256_constants[64];

// In sha256-stream.c: data that arrives in pieces.
struct np_sha256_stream {
  np_sha256_blocks *blocks;
  uint32_t state[8];
  uint64_t size;
  uint8_t block[64];
};

void np_sha256_begin(struct np_sha256_stream *stream);
void np_sha256_feed(struct np_sha256_stream *stream, const void *data, size_t size);
void np_sha256_end(struct np_sha256_stream *stream, uint8_t digest[NP_SHA256_SIZE]);

#endif

// SHA-256 of data that arrives in pieces.
#include <string.h>

#include "sha256.h"

void np_sha256_begin(struct np_sha256_stream *s) {
  static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
  memcpy(s->state, initial, sizeof s->state);
  s->blocks = np_sha256_native();
  if (s->blocks == NULL) s->blocks = np_sha256_portable;
  s->size = 0;
}

void np_sha256_feed(struct np_sha256_stream *s, const void *data, size_t size) {
  const uint8_t *at = data;
  size_t used = s->size % sizeof s->block;
  if (size == 0) return;
  s->size += size;
  if (used > 0) {
    size_t part = sizeof s->block - used < size ? sizeof s->block - used : size;
    memcpy(s->block + used, at, part);
    if (used + part < sizeof s->block) return;
    s->blocks(s->state, s->block, 1);
    at += part;
    size -= part;
  }
  s->blocks(s->state, at, size / sizeof s->block);
  memcpy(s->block, at + size - size % sizeof s->block, size % sizeof s->block);
}

void np_sha256_end(struct np_sha256_stream *s, uint8_t digest[NP_SHA256_SIZE]) {
  static const uint8_t padding[64] = { 0x80 };
  uint8_t length[8];
  uint64_t bits = s->size * 8;
  size_t used = s->size % sizeof s->block;
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  np_sha256_feed(s, padding, (used < 56 ? 56 : 120) - used);
  np_sha256_feed(s, length, sizeof length);
  for (int i = 0; i < NP_SHA256_SIZE; i++) digest[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

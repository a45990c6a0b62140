// Little-endian fields at any alignment.
#ifndef NP_BYTES_H
#define NP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t np_le32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t np_le64(const uint8_t *at) {
  return (uint64_t)np_le32(at) | (uint64_t)np_le32(at + 4) << 32;
}

static inline bool np_all_zero(const uint8_t *at, size_t size) {
  for (size_t i = 0; i < size; i++) if (at[i] != 0) return false;
  return true;
}

#endif

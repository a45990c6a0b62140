// SHA-256 with the SHA2 instructions of ARMv8, which the kernel reports in the auxiliary vector.
#include "sha256.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>

#ifndef HWCAP_SHA2
#define HWCAP_SHA2 (1UL << 6)
#endif

__attribute__((target("+crypto")))
static void blocks_sha2(uint32_t state[8], const uint8_t *data, size_t blocks) {
  uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; blocks > 0; blocks--, data += 64) {
    uint32x4_t abcd_before = abcd, efgh_before = efgh, w[4];
    for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
    // Four rounds a group; a group's four message words make room for those of the fourth group behind it.
    for (int group = 0; group < 16; group++) {
      uint32x4_t words = w[group & 3], sum = vaddq_u32(words, vld1q_u32(np_sha256_constants + 4 * group)), abcd_now = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, abcd_now, sum);
      if (group < 12) w[group & 3] = vsha256su1q_u32(vsha256su0q_u32(words, w[(group + 1) & 3]), w[(group + 2) & 3], w[(group + 3) & 3]);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

np_sha256_blocks *np_sha256_native(void) {
  return (getauxval(AT_HWCAP) & HWCAP_SHA2) != 0 ? blocks_sha2 : NULL;
}

#endif

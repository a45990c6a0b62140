// A bundle in memory that the launcher's own code opens as the running file. The frames are a hole: nothing here reads them.
#ifndef NP_FUZZ_BUNDLE_FILE_H
#define NP_FUZZ_BUNDLE_FILE_H

#include <stddef.h>
#include <stdint.h>

// An empty file; what it held before is gone. Sizes up to 2^62 take no memory.
int np_bundle_file_clear(uint64_t size);
void np_bundle_file_put(uint64_t offset, const void *data, size_t size);
// The smallest launcher that self.c takes for one: a header whose section table ends at `size`.
void np_bundle_file_put_elf(uint64_t size);
// Behind the index, with the digest of the index and with its own.
void np_bundle_file_put_footer(uint64_t launcher_size, uint64_t index_offset, const uint8_t *index, size_t index_size);

// Opens, reads and checks what was put: self, footer, index. Violations are findings.
void np_bundle_file_read(void);

#endif

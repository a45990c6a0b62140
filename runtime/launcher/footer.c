#include "footer.h"

#include <string.h>

#include "bundle.h"
#include "bytes.h"
#include "fd.h"
#include "format.h"

static int check_version(const uint8_t *raw, struct np_error *error) {
  uint32_t version = np_le32(raw + 8);
  if (version == NP_FORMAT_VERSION && np_le32(raw + 12) == NP_FOOTER_SIZE) return 0;
  np_fail(error, NP_PAYLOAD_VERSION, "cannot read the bundle: its format version is %u, this launcher reads %u",
          version, NP_FORMAT_VERSION);
  np_hint(error, "bundle again with one version of nixpack");
  return -1;
}

// Subtractions only, each after its bound is known: no sum can wrap.
static bool fits(const struct np_footer *footer, const struct np_self *self, uint64_t total) {
  if (total != self->size || footer->index_offset > total - NP_FOOTER_SIZE) return false;
  if (footer->index_size != total - NP_FOOTER_SIZE - footer->index_offset) return false;
  return footer->launcher_size == self->elf_size && footer->launcher_size < footer->index_offset;
}

int np_footer_read(struct np_footer *footer, const struct np_self *self, struct np_error *error) {
  uint8_t raw[NP_FOOTER_SIZE];
  if (self->size == self->elf_size) return 1;
  if (self->size - self->elf_size < sizeof raw) return np_bundle_damaged(self->path, error, "it is cut short");
  if (np_pread_all(self->fd, raw, sizeof raw, self->size - sizeof raw) != 0)
    return np_bundle_damaged(self->path, error, "its last bytes cannot be read");
  if (memcmp(raw, NP_FOOTER_MAGIC, NP_MAGIC_SIZE) != 0)
    return np_bundle_damaged(self->path, error, "it has no footer, its end is cut or overwritten");
  if (!np_sha256_matches(raw, NP_FOOTER_HASHED_SIZE, raw + NP_FOOTER_HASHED_SIZE))
    return np_bundle_damaged(self->path, error, "the footer does not match its SHA-256");
  if (check_version(raw, error) != 0) return -1;
  footer->index_offset = np_le64(raw + 16);
  footer->index_size = np_le64(raw + 24);
  footer->launcher_size = np_le64(raw + 64);
  memcpy(footer->index_digest, raw + 32, NP_SHA256_SIZE);
  if (!fits(footer, self, np_le64(raw + 72)) || !np_all_zero(raw + 80, 16))
    return np_bundle_damaged(self->path, error, "the footer does not fit the size of the file");
  return 0;
}

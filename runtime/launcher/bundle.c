// Reads the index behind a verified footer. The bytes are copied and hashed before the first field is looked at.
#include "bundle.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "fd.h"
#include "footer.h"
#include "format.h"
#include "index-check.h"

#define INDEX_LIMIT (256U << 20)

int np_bundle_damaged(const char *file, struct np_error *error, const char *what) {
  np_fail(error, NP_PAYLOAD_CORRUPT, "cannot read bundle \"%s\": %s", file, what);
  np_hint(error, "copy the file again and compare its SHA-256 with the original");
  return -1;
}

static int load_index(struct np_bundle *b, const struct np_footer *footer, struct np_error *error) {
  if (footer->index_size < NP_INDEX_HEADER_SIZE || footer->index_size > INDEX_LIMIT)
    return np_bundle_damaged(b->file, error, "the index has an impossible size");
  b->index = malloc(footer->index_size);
  if (b->index == NULL) return np_fail(error, NP_PAYLOAD_CORRUPT, "cannot read the index: out of memory");
  if (np_pread_all(b->fd, b->index, footer->index_size, footer->index_offset) != 0)
    return np_bundle_damaged(b->file, error, "the index cannot be read");
  if (!np_sha256_matches(b->index, footer->index_size, footer->index_digest))
    return np_bundle_damaged(b->file, error, "the index does not match its SHA-256");
  return 0;
}

// The strings are copied with a NUL behind each, in the order in which they are asked for.
struct strings {
  const uint8_t *from;
  uint32_t size;
  char *next, *end;
};

static const char *take_string(struct strings *s, uint32_t offset, uint32_t length) {
  if (offset > s->size || length > s->size - offset || memchr(s->from + offset, 0, length) != NULL) return NULL;
  if ((size_t)(s->end - s->next) <= length) return NULL;
  char *copy = s->next;
  memcpy(copy, s->from + offset, length);
  copy[length] = '\0';
  s->next += length + 1;
  return copy;
}

static bool take_header(struct np_bundle *b, struct strings *s) {
  const uint8_t *h = b->index;
  if (memcmp(h, NP_INDEX_MAGIC, NP_MAGIC_SIZE) != 0 || np_le32(h + 8) != NP_FORMAT_VERSION || np_le32(h + 12) > NP_FLAG_COMPOSED) return false;
  b->composed = np_le32(h + 12) == NP_FLAG_COMPOSED;
  b->entrypoint = np_le32(h + 28);
  b->runtime = np_le32(h + 40);
  b->program = take_string(s, np_le32(h + 32), np_le32(h + 36));
  b->name = take_string(s, np_le32(h + 48), np_le32(h + 52));
  return b->program != NULL && b->name != NULL && np_all_zero(h + 56, 8);
}

static bool take_records(struct np_bundle *b, struct strings *s) {
  const uint8_t *at = b->index + NP_INDEX_HEADER_SIZE;
  for (uint32_t i = 0; i < b->path_count; i++, at += NP_PATH_RECORD_SIZE) {
    const char *name = take_string(s, np_le32(at), np_le32(at + 4)), *notes = take_string(s, np_le32(at + 60), np_le32(at + 64));
    if (name == NULL || notes == NULL || np_le32(at + 56) > NP_PATH_REFERENCES || !np_all_zero(at + 68, 28)) return false;
    b->paths[i] = (struct np_path){ .name = name, .first_frame = np_le32(at + 8), .frame_count = np_le32(at + 12),
                                    .unpacked_size = np_le64(at + 16), .nar_hash = at + 24,
                                    .references = np_le32(at + 56) == NP_PATH_REFERENCES, .notes = notes };
    b->safe = b->safe && notes[0] == '\0';
  }
  for (uint32_t i = 0; i < b->frame_count; i++, at += NP_FRAME_RECORD_SIZE) {
    if (!np_all_zero(at + 60, 12)) return false;
    b->frames[i] = (struct np_frame){ .offset = np_le64(at), .size = np_le64(at + 8), .tar_size = np_le64(at + 16),
                                      .digest = at + 24, .path = np_le32(at + 56) };
  }
  return true;
}

static const char *machine_name(uint32_t machine) {
  return machine == NP_MACHINE_X86_64 ? "x86_64" : machine == NP_MACHINE_AARCH64 ? "aarch64" : "an unknown processor";
}

// The kernel has seen only the launcher.
static int check_machine(const struct np_bundle *b, struct np_error *error) {
#if defined(__aarch64__)
  const uint32_t own = NP_MACHINE_AARCH64;
#else
  const uint32_t own = NP_MACHINE_X86_64;
#endif
  uint32_t machine = np_le32(b->index + 44);
  if (machine == own) return 0;
  np_fail(error, NP_PAYLOAD_VERSION, "cannot run \"%s\": its programs are for %s, its launcher is for %s", b->file,
          machine_name(machine), machine_name(own));
  np_hint(error, "make the file anew with nixpack bundle");
  return -1;
}

static int take_index(struct np_bundle *b, const struct np_footer *footer, struct np_error *error) {
  b->path_count = np_le32(b->index + 16);
  b->frame_count = np_le32(b->index + 20);
  b->safe = true;
  uint32_t size = np_le32(b->index + 24);
  uint64_t records = (uint64_t)b->path_count * NP_PATH_RECORD_SIZE + (uint64_t)b->frame_count * NP_FRAME_RECORD_SIZE;
  if (footer->index_size != NP_INDEX_HEADER_SIZE + records + size || b->path_count == 0)
    return np_bundle_damaged(b->file, error, "the index has impossible counts");
  // Attack prevented: records that share strings, whose copies would need far more memory than the index. There are
  // two strings in the header and two in each record of a path, none of them shared, each copied with a NUL.
  size_t room = (size_t)size + 2 * (size_t)b->path_count + 2;
  b->paths = calloc(b->path_count, sizeof *b->paths);
  b->frames = calloc((size_t)b->frame_count + 1, sizeof *b->frames);
  b->strings = malloc(room);
  if (b->paths == NULL || b->frames == NULL || b->strings == NULL)
    return np_fail(error, NP_PAYLOAD_CORRUPT, "cannot read the index: out of memory");
  struct strings s = { b->index + NP_INDEX_HEADER_SIZE + records, size, b->strings, b->strings + room };
  if (!take_header(b, &s) || !take_records(b, &s)) return np_bundle_damaged(b->file, error, "the index holds an impossible record");
  const char *problem = np_index_problem(b);
  if (problem != NULL) return np_bundle_damaged(b->file, error, problem);
  return check_machine(b, error);
}

int np_bundle_read(struct np_bundle *b, const struct np_self *self, struct np_error *error) {
  struct np_footer footer;
  memset(b, 0, sizeof *b);
  b->fd = self->fd;
  b->file = self->path;
  int found = np_footer_read(&footer, self, error);
  if (found != 0) return found;
  b->launcher_size = footer.launcher_size;
  b->index_offset = footer.index_offset;
  memcpy(b->identity, footer.index_digest, sizeof b->identity);
  if (load_index(b, &footer, error) != 0) return -1;
  return take_index(b, &footer, error);
}

void np_bundle_free(struct np_bundle *b) {
  free(b->paths);
  free(b->frames);
  free(b->strings);
  free(b->index);
  memset(b, 0, sizeof *b);
}

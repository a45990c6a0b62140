#include "bundle-file.h"

#include <elf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle.h"
#include "format.h"
#include "fuzz.h"

static int file = -1;

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);

// The linker sends the launcher's calls of open() here (--wrap=open).
int __wrap_open(const char *name, int flags, ...) {
  va_list args;
  va_start(args, flags);
  unsigned mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
  va_end(args);
  return strcmp(name, "/proc/self/exe") == 0 && file >= 0 ? dup(file) : __real_open(name, flags, mode);
}

int np_bundle_file_clear(uint64_t size) {
  if (file < 0) file = memfd_create("bundle", MFD_CLOEXEC);
  np_require(file >= 0 && ftruncate(file, 0) == 0);
  return ftruncate(file, (off_t)size);
}

void np_bundle_file_put(uint64_t offset, const void *data, size_t size) {
  np_require(size == 0 || pwrite(file, data, size, (off_t)offset) == (ssize_t)size);
}

void np_bundle_file_put_elf(uint64_t size) {
  Elf64_Ehdr header = { .e_ident = ELFMAG, .e_shoff = size };
  np_bundle_file_put(0, &header, sizeof header);
}

static void put_le64(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> (8 * i));
}

void np_bundle_file_put_footer(uint64_t launcher_size, uint64_t index_offset, const uint8_t *index, size_t index_size) {
  uint8_t raw[NP_FOOTER_SIZE] = NP_FOOTER_MAGIC;
  raw[8] = NP_FORMAT_VERSION;
  raw[12] = NP_FOOTER_SIZE;
  put_le64(raw + 16, index_offset);
  put_le64(raw + 24, index_size);
  np_sha256(index, index_size, raw + 32);
  put_le64(raw + 64, launcher_size);
  put_le64(raw + 72, index_offset + index_size + NP_FOOTER_SIZE);
  np_sha256(raw, NP_FOOTER_HASHED_SIZE, raw + NP_FOOTER_HASHED_SIZE);
  np_bundle_file_put(index_offset + index_size, raw, sizeof raw);
}

// C0, DEL and C1 (in UTF-8) but those allowed.
static bool is_printable(const char *text, const char *allowed) {
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
    if ((*at < ' ' || *at == 0x7f) && strchr(allowed, *at) == NULL) return false;
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) return false;
  }
  return true;
}

static bool stays_inside(const char *path) {
  if (path[0] == '/') return false;
  for (size_t length; *path != '\0'; path += length + (path[length] == '/')) {
    length = strcspn(path, "/");
    if (length == 2 && path[0] == '.' && path[1] == '.') return false;
  }
  return true;
}

// What the launcher's other parts trust without looking again.
static void check(const struct np_bundle *b, const struct np_self *self) {
  uint64_t at = b->launcher_size, frame = 0;
  bool safe = true;
  np_require(b->launcher_size == self->elf_size && b->index_offset < self->size - NP_FOOTER_SIZE);
  np_require(b->entrypoint < b->path_count && b->composed == (b->runtime < b->path_count));
  np_require(stays_inside(b->program));
  np_require(is_printable(b->name, "") && strchr(b->name, '/') == NULL && b->name[0] != '\0' && strlen(b->name) <= 255);
  for (uint32_t p = 0; p < b->path_count; p++) {
    const struct np_path *path = &b->paths[p];
    uint64_t room = 0;
    np_require(is_printable(path->name, "") && strchr(path->name, '/') == NULL && strlen(path->name) > 33 && strlen(path->name) <= 255);
    np_require(path->name[0] != '.' && path->name[32] == '-' && (p == 0 || strcmp(b->paths[p - 1].name, path->name) < 0));
    np_require(path->first_frame == frame && path->frame_count > 0 && path->frame_count <= b->frame_count - frame);
    np_require(is_printable(path->notes, "\t\n"));
    safe = safe && path->notes[0] == '\0';
    for (uint32_t left = path->frame_count; left > 0; left--, frame++) {
      np_require(b->frames[frame].path == p && b->frames[frame].offset == at && b->frames[frame].size <= b->index_offset - at);
      at += b->frames[frame].size;
      np_require(b->frames[frame].tar_size <= INT64_MAX - room);
      room += b->frames[frame].tar_size;
    }
    np_require(path->unpacked_size <= room);
  }
  np_require(frame == b->frame_count && at == b->index_offset && b->safe == safe);
}

void np_bundle_file_read(void) {
  struct np_self self;
  struct np_bundle bundle = { .fd = -1 };
  struct np_error error = { .message = "" };
  int result = np_self_open(&self, "argv0", &error);
  if (result == 0) {
    np_require(self.elf_size <= self.size);
    result = np_bundle_read(&bundle, &self, &error);
    if (result == 0) check(&bundle, &self);
  }
  if (result < 0) np_require(error.message[0] != '\0' && (error.code == NP_PAYLOAD_CORRUPT || error.code == NP_PAYLOAD_VERSION));
  np_bundle_free(&bundle);
  if (self.fd >= 0) close(self.fd);
}

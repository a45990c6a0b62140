// Inputs for every target out of a bundle.
//   seeds BUNDLE DIR NAME      writes DIR/<target>/NAME-<number>
// Bundles are larger than any input: files in archives keep a few bytes, launcher and frames of the file target vanish.
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "bytes.h"
#include "format.h"
#include "fuzz.h"

#define SEED_MAX 32768
#define BLOCK 512
#define BODY_MAX 600
#define UNPACKED_MAX (64U << 20)

struct buffer {
  uint8_t data[2 * SEED_MAX];
  size_t size;
};

static const char *output, *label;
static unsigned number;

static void put(struct buffer *b, const void *data, size_t size) {
  if (size > sizeof b->data - b->size) size = sizeof b->data - b->size;
  memcpy(b->data + b->size, data, size);
  b->size += size;
}

static void put_le(struct buffer *b, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) put(b, &(uint8_t){ (uint8_t)(value >> (8 * i)) }, 1);
}

static void save(const char *target, const struct buffer *b) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", output, target);
  (void)mkdir(path, 0755);
  snprintf(path, sizeof path, "%s/%s/%s-%u", output, target, label, number++);
  FILE *out = fopen(path, "wb");
  np_require(out != NULL && fwrite(b->data, 1, b->size, out) == b->size && fclose(out) == 0);
}

static uint64_t octal(const uint8_t *field, size_t size) {
  uint64_t value = 0;
  for (; size > 0 && *field >= '0' && *field <= '7'; field++, size--) value = value << 3 | (uint64_t)(*field - '0');
  return value;
}

static size_t padded(size_t size) {
  return (size + BLOCK - 1) / BLOCK * BLOCK;
}

// One entry with its pax header in front, its file cut. Returns how much of the archive it was.
static size_t put_entry(struct buffer *b, const uint8_t *at, size_t size, uint64_t *files_size) {
  size_t used = 0;
  if (size >= BLOCK && at[156] == 'x') {
    used = BLOCK + padded((size_t)octal(at + 124, 12));
    if (used > size) return size;
    put(b, at, used);
  }
  if (size - used < BLOCK) return size;
  uint8_t header[BLOCK];
  char text[12];
  memcpy(header, at + used, BLOCK);
  uint64_t length = octal(header + 124, 12), kept = length < BODY_MAX ? length : BODY_MAX;
  snprintf(text, sizeof text, "%011o", (unsigned)kept);
  if (header[156] == '0') memcpy(header + 124, text, 12);
  put(b, header, BLOCK);
  if (padded(length) > size - used - BLOCK) return size;
  put(b, at + used + BLOCK, padded(kept));
  *files_size += kept;
  return used + BLOCK + padded(length);
}

// The archive in pieces that fit: switches, cuts, second archive, limit, blocks.
static void save_archive(const uint8_t *tar, size_t size) {
  for (size_t at = 0; at < size;) {
    struct buffer blocks = { .size = 0 }, seed = { .size = 0 };
    uint64_t files_size = 0;
    while (at < size && blocks.size < 8192) at += np_all_zero(tar + at, BLOCK) ? BLOCK : put_entry(&blocks, tar + at, size - at, &files_size);
    if (blocks.size == 0) return;
    if (blocks.size > SEED_MAX - 2048) blocks.size = SEED_MAX - 2048;
    put_le(&seed, 1 + (number % 2) * 2, 1);
    put_le(&seed, number, 2);
    put_le(&seed, 0, 1);
    put_le(&seed, files_size, 4);
    put(&seed, blocks.data, blocks.size);
    put(&seed, (const uint8_t[2 * BLOCK]){ 0 }, 2 * BLOCK);
    save("tar", &seed);
    for (size_t block = 0; block + BLOCK < blocks.size; block += BLOCK) {
      if (blocks.data[block + 156] != 'x') continue;
      struct buffer pax = { .size = 0 };
      put(&pax, blocks.data + block + BLOCK, (size_t)octal(blocks.data + block + 124, 12));
      save("pax", &pax);
    }
    // Of a large archive a few pieces say as much as all.
    if (number > 400) return;
  }
}

static void save_frame(const uint8_t *packed, size_t packed_size, const struct buffer *sizes) {
  struct buffer seed = *sizes;
  put(&seed, packed, packed_size);
  if (seed.size <= SEED_MAX) save("frame", &seed);
}

static void save_frames(const uint8_t *file, const uint8_t *index, const uint8_t *records, uint32_t count) {
  for (uint32_t i = 0; i < count; i++, records += NP_FRAME_RECORD_SIZE) {
    const uint8_t *packed = file + np_le64(records), *path = index + NP_INDEX_HEADER_SIZE + np_le32(records + 56) * NP_PATH_RECORD_SIZE;
    size_t packed_size = (size_t)np_le64(records + 8), room = (size_t)np_le64(records + 16);
    struct buffer sizes = { .size = 0 };
    put_le(&sizes, room / BLOCK, 3);
    put_le(&sizes, np_le64(path + 16), 4);
    save_frame(packed, packed_size, &sizes);
    if (room > UNPACKED_MAX) continue;
    uint8_t *tar = malloc(room);
    np_require(tar != NULL);
    size_t size = ZSTD_decompress(tar, room, packed, packed_size);
    if (!ZSTD_isError(size)) save_archive(tar, size);
    free(tar);
  }
}

// The smallest file with this index: a launcher of 64 bytes, frames of one.
static void save_file(const uint8_t *index, size_t index_size, uint32_t path_count, uint32_t frame_count, unsigned switches) {
  struct buffer seed = { .size = 0 };
  uint8_t *copy = malloc(index_size), header[64] = { 0x7f, 'E', 'L', 'F', [40] = 64 };
  np_require(copy != NULL);
  memcpy(copy, index, index_size);
  put_le(&seed, switches, 1);
  put(&seed, header, sizeof header);
  for (uint32_t i = 0; i < frame_count; i++) {
    struct buffer record = { .size = 0 };
    put_le(&record, 64 + i, 8);
    put_le(&record, 1, 8);
    memcpy(copy + NP_INDEX_HEADER_SIZE + path_count * NP_PATH_RECORD_SIZE + i * NP_FRAME_RECORD_SIZE, record.data, record.size);
    put_le(&seed, 0, 1);
  }
  put(&seed, copy, index_size);
  put(&seed, NP_FOOTER_MAGIC, NP_MAGIC_SIZE);
  put_le(&seed, NP_FORMAT_VERSION, 4);
  put_le(&seed, NP_FOOTER_SIZE, 4);
  put_le(&seed, 64 + frame_count, 8);
  put_le(&seed, index_size, 8);
  put(&seed, header + 8, NP_SHA256_SIZE);
  put_le(&seed, 64, 8);
  put_le(&seed, 64 + frame_count + index_size + NP_FOOTER_SIZE, 8);
  put(&seed, (const uint8_t[48]){ 0 }, 48);
  save("footer", &seed);
  free(copy);
}

int main(int argc, char **argv) {
  np_require(argc == 4);
  output = argv[2];
  label = argv[3];
  int fd = open(argv[1], O_RDONLY);
  struct stat status;
  np_require(fd >= 0 && fstat(fd, &status) == 0 && status.st_size > NP_FOOTER_SIZE);
  uint8_t *file = malloc((size_t)status.st_size);
  for (ssize_t at = 0, part; file != NULL && at < status.st_size; at += part) {
    part = read(fd, file + at, (size_t)(status.st_size - at));
    np_require(part > 0);
  }
  const uint8_t *footer = file + status.st_size - NP_FOOTER_SIZE, *index = file + np_le64(footer + 16);
  size_t index_size = (size_t)np_le64(footer + 24);
  uint32_t path_count = np_le32(index + 16), frame_count = np_le32(index + 20);
  // As it is, and with offsets that the target makes out of the sizes.
  for (uint64_t gapless = 0; gapless < 2; gapless++) {
    struct buffer seed = { .size = 0 };
    put_le(&seed, np_le64(footer + 64) | gapless << 63, 8);
    put_le(&seed, np_le64(footer + 16), 8);
    put(&seed, index, index_size);
    save("index", &seed);
  }
  save_file(index, index_size, path_count, frame_count, 3);
  save_file(index, index_size, path_count, frame_count, 7);
  save_frames(file, index, index + NP_INDEX_HEADER_SIZE + path_count * NP_PATH_RECORD_SIZE, frame_count);
  free(file);
  close(fd);
  return 0;
}

// Makes bundles out of a script on standard input, also such as the real assembler would never write.
//   mkbundle LAUNCHER OUTPUT < SCRIPT      fields are separated by tabs
//   name N | program P | entry PATH | runtime PATH (makes it composed) | machine N (default: the launcher's) | version N
//   path NAME       a store path, and its first frame
//   frame           a further frame of the same path
//   dir NAME | file NAME MODE SOURCE | text NAME MODE TEXT | link NAME TARGET | tree DIR (with its content, as the path's root)
//   raw TYPE NAME LINK SIZE MODE       a header as it is        pax KEY VALUE | zeros N (bytes) | junk TEXT (one block)     end (two zero blocks, early)
//   flags N                            of the path's record; 1, unless said otherwise: it refers to paths of the bundle
//   nar HEX                            the path's NAR hash; zero, unless said otherwise
//   note REASON FILE                   something in the path that relocation cannot rewrite
//   claim-unpacked N | claim-tar N | claim-notes N (their length) | reserved N     wrong numbers in the index
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "format.h"
#include "sha256.h"

struct buffer {
  uint8_t *data;
  size_t size, room;
};

struct frame {
  struct buffer tar;
  unsigned path;
  uint64_t claimed;
};

static struct frame frames[512];
static char *paths[256];
static uint64_t unpacked[256], claimed[256];
static unsigned flags[256], claimed_notes[256], reserved[256];
static struct buffer notes[256];
static uint8_t nar_hashes[256][32];
static unsigned frame_count, path_count, version = NP_FORMAT_VERSION, machine;
static char *name = "test", *program = "", *entry = NULL, *runtime = NULL;

static void fail(const char *what) {
  fprintf(stderr, "mkbundle: %s\n", what);
  exit(2);
}

static void put(struct buffer *b, const void *data, size_t size) {
  while (b->size + size > b->room) b->data = realloc(b->data, b->room = 2 * b->room + size + 4096);
  if (size > 0) memcpy(b->data + b->size, data, size);
  b->size += size;
}

static void put_zeros(struct buffer *b, size_t size) {
  static const uint8_t zeros[4096];
  for (; size > sizeof zeros; size -= sizeof zeros) put(b, zeros, sizeof zeros);
  put(b, zeros, size);
}

static void put_le(struct buffer *b, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) {
    uint8_t byte = (uint8_t)(value >> (8 * i));
    put(b, &byte, 1);
  }
}

static struct buffer *tar(void) {
  if (frame_count == 0) fail("no path yet");
  return &frames[frame_count - 1].tar;
}

static void header(char type, const char *entry_name, const char *link, uint64_t size, unsigned mode) {
  char block[512] = { 0 };
  unsigned sum = 8 * ' ';
  if (strlen(entry_name) > 99) fail("name too long, use pax");
  strcpy(block, entry_name);
  snprintf(block + 100, 8, "%07o", mode);
  strcpy(block + 108, "0000000");
  strcpy(block + 116, "0000000");
  // From 8 GiB on the field is full, without a NUL.
  char digits[24];
  snprintf(digits, sizeof digits, "%011llo", (unsigned long long)size);
  memcpy(block + 124, digits, strlen(digits) < 12 ? strlen(digits) : 12);
  strcpy(block + 136, "00000000001");
  block[156] = type;
  strncpy(block + 157, link, 100);
  memcpy(block + 257, "ustar\0" "00", 8);
  for (int i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += (uint8_t)block[i];
  snprintf(block + 148, 8, "%06o", sum);
  block[155] = ' ';
  put(tar(), block, 512);
}

static void content(const void *data, size_t size) {
  put(tar(), data, size);
  put_zeros(tar(), (512 - size % 512) % 512);
  unpacked[path_count - 1] += size;
}

static void pax(const char *key, const char *value) {
  char record[5000];
  size_t length = strlen(key) + strlen(value) + 3, digits = 1;
  while (snprintf(NULL, 0, "%zu", length + digits) != (int)digits) digits++;
  length += digits;
  snprintf(record, sizeof record, "%zu %s=%s\n", length, key, value);
  header('x', "pax", "", length, 0444);
  content(record, length);
  unpacked[path_count - 1] -= length;
}

static void named(char type, const char *entry_name, const char *link, uint64_t size, unsigned mode) {
  if (strlen(entry_name) > 99) pax("path", entry_name);
  if (strlen(link) > 100) pax("linkpath", link);
  header(type, strlen(entry_name) > 99 ? "long" : entry_name, strlen(link) > 100 ? "long" : link, size, mode);
}

static void file(const char *entry_name, unsigned mode, const char *source) {
  FILE *in = fopen(source, "rb");
  struct stat status;
  if (in == NULL || fstat(fileno(in), &status) != 0) fail(source);
  uint8_t *data = malloc((size_t)status.st_size + 1);
  if (fread(data, 1, (size_t)status.st_size, in) != (size_t)status.st_size) fail(source);
  fclose(in);
  named('0', entry_name, "", (uint64_t)status.st_size, mode);
  content(data, (size_t)status.st_size);
  free(data);
}

static void tree(const char *source, const char *entry_name) {
  struct stat status;
  char link[4096];
  if (lstat(source, &status) != 0) fail(source);
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlink(source, link, sizeof link - 1);
    if (length < 0) fail(source);
    link[length] = '\0';
    named('2', entry_name, link, 0, 0777);
  } else if (S_ISDIR(status.st_mode)) {
    struct dirent **list;
    named('5', entry_name, "", 0, 0555);
    int count = scandir(source, &list, NULL, alphasort);
    for (int i = 0; i < count; i++) {
      char from[4096], to[4096];
      if (strcmp(list[i]->d_name, ".") == 0 || strcmp(list[i]->d_name, "..") == 0) continue;
      if (snprintf(from, sizeof from, "%s/%s", source, list[i]->d_name) < 0 || snprintf(to, sizeof to, "%s/%s", entry_name, list[i]->d_name) < 0) fail("name");
      tree(from, to);
    }
  } else {
    file(entry_name, status.st_mode & 0111 ? 0555 : 0444, source);
  }
}

static void new_frame(void) {
  if (path_count == 0 || frame_count == 512) fail("frame");
  frames[frame_count++].path = path_count - 1;
}

static void obey(char **f, int n) {
  static char empty[] = "";
  for (int i = n; i < 8; i++) f[i] = empty;
  if (strcmp(f[0], "name") == 0) name = strdup(f[1]);
  else if (strcmp(f[0], "program") == 0) program = strdup(f[1]);
  else if (strcmp(f[0], "entry") == 0) entry = strdup(f[1]);
  else if (strcmp(f[0], "runtime") == 0) runtime = strdup(f[1]);
  else if (strcmp(f[0], "machine") == 0) machine = (unsigned)atoi(f[1]);
  else if (strcmp(f[0], "version") == 0) version = (unsigned)atoi(f[1]);
  else if (strcmp(f[0], "path") == 0) {
    if (path_count == 256) fail("paths");
    flags[path_count] = NP_PATH_REFERENCES;
    paths[path_count++] = strdup(f[1]);
    new_frame();
  } else if (strcmp(f[0], "frame") == 0) new_frame();
  else if (strcmp(f[0], "dir") == 0) named('5', f[1], "", 0, 0555);
  else if (strcmp(f[0], "file") == 0) file(f[1], (unsigned)strtoul(f[2], NULL, 8), f[3]);
  else if (strcmp(f[0], "text") == 0) {
    named('0', f[1], "", strlen(f[3]), (unsigned)strtoul(f[2], NULL, 8));
    content(f[3], strlen(f[3]));
  } else if (strcmp(f[0], "link") == 0) named('2', f[1], f[2], 0, 0777);
  else if (strcmp(f[0], "tree") == 0) tree(f[1], paths[path_count - 1]);
  else if (strcmp(f[0], "raw") == 0) header(f[1][0], f[2], f[3], strtoull(f[4], NULL, 10), (unsigned)strtoul(f[5], NULL, 8));
  else if (strcmp(f[0], "pax") == 0) pax(f[1], f[2]);
  else if (strcmp(f[0], "zeros") == 0) put_zeros(tar(), strtoull(f[1], NULL, 10));
  else if (strcmp(f[0], "junk") == 0) {
    put(tar(), f[1], strlen(f[1]));
    put_zeros(tar(), 512 - strlen(f[1]));
  } else if (strcmp(f[0], "end") == 0) put_zeros(tar(), 1024);
  else if (path_count == 0) fail("no path yet");
  else if (strcmp(f[0], "flags") == 0) flags[path_count - 1] = (unsigned)atoi(f[1]);
  else if (strcmp(f[0], "note") == 0) {
    struct buffer *text = &notes[path_count - 1];
    put(text, f[1], strlen(f[1]));
    put(text, "\t", 1);
    put(text, f[2], strlen(f[2]));
    put(text, "\n", 1);
  } else if (strcmp(f[0], "nar") == 0) {
    for (int i = 0; i < 32; i++) if (sscanf(f[1] + 2 * i, "%2hhx", &nar_hashes[path_count - 1][i]) != 1) fail(f[1]);
  } else if (strcmp(f[0], "claim-notes") == 0) claimed_notes[path_count - 1] = (unsigned)strtoul(f[1], NULL, 10) + 1;
  else if (strcmp(f[0], "reserved") == 0) reserved[path_count - 1] = (unsigned)atoi(f[1]);
  else if (strcmp(f[0], "claim-unpacked") == 0) claimed[path_count - 1] = strtoull(f[1], NULL, 10) + 1;
  else if (strcmp(f[0], "claim-tar") == 0) frames[frame_count - 1].claimed = strtoull(f[1], NULL, 10) + 1;
  else fail(f[0]);
}

static void read_script(void) {
  char line[70000], *fields[9];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int count = 0;
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '\0') continue;
    for (char *at = line; at != NULL && count < 8; fields[count++] = strsep(&at, "\t")) continue;
    obey(fields, count);
  }
}

static unsigned find(const char *wanted) {
  for (unsigned i = 0; i < path_count; i++) if (wanted != NULL && strcmp(paths[i], wanted) == 0) return i;
  return 0xffffffffU;
}

static unsigned add_string(struct buffer *strings, const char *text) {
  size_t at = strings->size;
  put(strings, text, strlen(text));
  return (unsigned)at;
}

static void put_index(struct buffer *index, struct buffer *path_records, struct buffer *frame_records, struct buffer *strings) {
  unsigned program_at = add_string(strings, program), name_at = add_string(strings, name);
  put(index, "NPINDEX", 8);
  put_le(index, version, 4);
  put_le(index, runtime != NULL, 4);
  put_le(index, path_count, 4);
  put_le(index, frame_count, 4);
  put_le(index, strings->size, 4);
  put_le(index, entry == NULL ? 0 : find(entry), 4);
  put_le(index, program_at, 4);
  put_le(index, strlen(program), 4);
  put_le(index, find(runtime), 4);
  put_le(index, machine, 4);
  put_le(index, name_at, 4);
  put_le(index, strlen(name), 4);
  put_zeros(index, 8);
  put(index, path_records->data, path_records->size);
  put(index, frame_records->data, frame_records->size);
  put(index, strings->data, strings->size);
}

static void put_frame(struct buffer *out, struct buffer *records, struct frame *frame) {
  uint8_t digest[32];
  put_zeros(&frame->tar, 1024);
  size_t bound = ZSTD_compressBound(frame->tar.size);
  uint8_t *packed = malloc(bound);
  size_t size = ZSTD_compress(packed, bound, frame->tar.data, frame->tar.size, 3);
  if (ZSTD_isError(size)) fail("zstd");
  np_sha256(packed, size, digest);
  put_le(records, out->size, 8);
  put_le(records, size, 8);
  put_le(records, frame->claimed ? frame->claimed - 1 : frame->tar.size, 8);
  put(records, digest, 32);
  put_le(records, frame->path, 4);
  put_zeros(records, 12);
  put(out, packed, size);
  free(packed);
}

static void put_footer(struct buffer *out, uint64_t launcher, const struct buffer *index) {
  struct buffer footer = { 0 };
  uint8_t digest[32];
  put(&footer, "NIXPACK", 8);
  put_le(&footer, version, 4);
  put_le(&footer, 128, 4);
  put_le(&footer, out->size, 8);
  put_le(&footer, index->size, 8);
  np_sha256(index->data, index->size, digest);
  put(&footer, digest, 32);
  put_le(&footer, launcher, 8);
  put_le(&footer, out->size + index->size + 128, 8);
  put_zeros(&footer, 16);
  np_sha256(footer.data, footer.size, digest);
  put(&footer, digest, 32);
  put(out, index->data, index->size);
  put(out, footer.data, footer.size);
}

int main(int argc, char **argv) {
  struct buffer out = { 0 }, index = { 0 }, path_records = { 0 }, frame_records = { 0 }, strings = { 0 };
  if (argc != 3) fail("usage: mkbundle LAUNCHER OUTPUT < SCRIPT");
  read_script();
  FILE *launcher = fopen(argv[1], "rb");
  uint8_t part[65536];
  if (launcher == NULL) fail(argv[1]);
  for (size_t size; (size = fread(part, 1, sizeof part, launcher)) > 0;) put(&out, part, size);
  fclose(launcher);
  uint64_t launcher_size = out.size;
  if (machine == 0 && out.size > 19) machine = out.data[18] | (unsigned)out.data[19] << 8;
  for (unsigned i = 0; i < frame_count; i++) put_frame(&out, &frame_records, &frames[i]);
  for (unsigned i = 0, frame = 0; i < path_count; i++) {
    unsigned first = frame;
    while (frame < frame_count && frames[frame].path == i) frame++;
    put_le(&path_records, add_string(&strings, paths[i]), 4);
    put_le(&path_records, strlen(paths[i]), 4);
    put_le(&path_records, first, 4);
    put_le(&path_records, frame - first, 4);
    put_le(&path_records, claimed[i] ? claimed[i] - 1 : unpacked[i], 8);
    put(&path_records, nar_hashes[i], sizeof nar_hashes[i]);
    put_le(&path_records, flags[i], 4);
    put_le(&path_records, strings.size, 4);
    put_le(&path_records, claimed_notes[i] ? claimed_notes[i] - 1 : notes[i].size, 4);
    put_le(&path_records, reserved[i], 4);
    put_zeros(&path_records, 24);
    put(&strings, notes[i].data, notes[i].size);
  }
  put_index(&index, &path_records, &frame_records, &strings);
  put_footer(&out, launcher_size, &index);
  FILE *file_out = fopen(argv[2], "wb");
  if (file_out == NULL || fwrite(out.data, 1, out.size, file_out) != out.size || fclose(file_out) != 0 || chmod(argv[2], 0755) != 0) fail(argv[2]);
  return 0;
}

// Numbers and pax records of tar headers. Numbers in base 256 and negative numbers are not read: nothing needs them.
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "tar.h"

int np_tar_number(const uint8_t *field, size_t size, uint64_t *value) {
  size_t at = 0;
  *value = 0;
  while (at < size && field[at] == ' ') at++;
  if (at == size) return -1;
  for (; at < size && field[at] >= '0' && field[at] <= '7'; at++) *value = *value << 3 | (uint64_t)(field[at] - '0');
  for (; at < size; at++) if (field[at] != ' ' && field[at] != '\0') return -1;
  return 0;
}

int np_tar_checksum_ok(const uint8_t *block) {
  uint64_t recorded;
  unsigned sum = 8 * ' ';
  for (unsigned i = 0; i < NP_TAR_BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
  return np_tar_number(block + 148, 8, &recorded) == 0 && recorded == sum;
}

static int decimal(const char *from, const char *end, uint64_t *value) {
  *value = 0;
  if (from == end) return -1;
  for (; from < end; from++) {
    if (*from < '0' || *from > '9' || *value > UINT64_MAX / 16) return -1;
    *value = *value * 10 + (uint64_t)(*from - '0');
  }
  return 0;
}

static int take_text(char *out, const char *value, size_t length) {
  if (length == 0 || length >= PATH_MAX || memchr(value, 0, length) != NULL) return -1;
  memcpy(out, value, length);
  out[length] = '\0';
  return 0;
}

static int take_record(struct np_tar *tar, const char *key, const char *end) {
  const char *equals = memchr(key, '=', (size_t)(end - key));
  if (equals == NULL) return -1;
  size_t key_length = (size_t)(equals - key), length = (size_t)(end - equals - 1);
  if (key_length == 4 && memcmp(key, "path", 4) == 0) return take_text(tar->name, equals + 1, length);
  if (key_length == 8 && memcmp(key, "linkpath", 8) == 0) return take_text(tar->link, equals + 1, length);
  if (key_length != 4 || memcmp(key, "size", 4) != 0) return -1;
  tar->has_size = 1;
  return decimal(equals + 1, end, &tar->size);
}

// Records are "LENGTH KEY=VALUE\n", where LENGTH counts the whole record.
int np_tar_pax(struct np_tar *tar, size_t size, struct np_error *error) {
  const char *at = tar->pax, *end = tar->pax + size;
  while (at < end) {
    const char *space = memchr(at, ' ', (size_t)(end - at));
    uint64_t length;
    if (space == NULL || decimal(at, space, &length) != 0 || length > (uint64_t)(end - at) ||
        length < (uint64_t)(space - at) + 3 || at[length - 1] != '\n' || take_record(tar, space + 1, at + length - 1) != 0)
      return np_fail(error, NP_UNPACK_REFUSED, "cannot unpack \"%s\": a pax header of its archive is malformed", tar->tree->base);
    at += length;
  }
  return 0;
}

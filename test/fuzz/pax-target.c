// Values of pax headers and numbers of header blocks, without a file system. The input is a pax header.
#include <string.h>

#include "fuzz.h"
#include "tar.h"

// What the header says with one key, read by a reader that knows only well-formed headers; *count: how often.
static const char *find(const char *at, const char *end, const char *key, size_t *length, unsigned *count) {
  const char *found = NULL;
  size_t key_length = strlen(key);
  for (*count = 0; at < end;) {
    char *rest;
    unsigned long size = strtoul(at, &rest, 10);
    np_require(size > 0 && size <= (size_t)(end - at));
    if (strncmp(rest + 1, key, key_length) == 0 && rest[1 + key_length] == '=') {
      found = rest + key_length + 2;
      *length = (size_t)(at + size - 1 - found);
      ++*count;
    }
    at += size;
  }
  return found;
}

static void check_text(const struct np_tar *tar, size_t size, const char *key, const char *value) {
  size_t length = 0;
  unsigned count;
  const char *expected = find(tar->pax, tar->pax + size, key, &length, &count);
  np_require((expected != NULL) == (value[0] != '\0'));
  if (expected != NULL) np_require(strlen(value) == length && memcmp(value, expected, length) == 0 && length < PATH_MAX);
}

static void check_number(const uint8_t *data, size_t size) {
  uint64_t value = 0;
  char field[13] = "";
  if (size < 12) return;
  memcpy(field, data, 12);
  // Digits of base eight between spaces, ended by spaces and NULs, is all that there is.
  if (np_tar_number(data, 12, &value) == 0) np_require(value == strtoull(field, NULL, 8) && value < 1ULL << 36);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct np_tar tar;
  struct np_tree tree = { .base = "base" };
  struct np_error error = { .message = "" };
  if (size > NP_PAX_LIMIT) return 0;
  check_number(data, size);
  np_tar_init(&tar, &tree, 0);
  memcpy(tar.pax, data, size);
  // Reading on behind the header would find a record's end.
  memset(tar.pax + size, '\n', sizeof tar.pax - size);
  if (np_tar_pax(&tar, size, &error) != 0) {
    np_require(error.code == NP_UNPACK_REFUSED && error.message[0] != '\0');
    return 0;
  }
  size_t length = 0;
  unsigned count;
  check_text(&tar, size, "path", tar.name);
  check_text(&tar, size, "linkpath", tar.link);
  const char *number = find(tar.pax, tar.pax + size, "size", &length, &count);
  np_require((number != NULL) == (tar.has_size != 0));
  if (number != NULL) np_require(tar.size == strtoull(number, NULL, 10));
  return 0;
}

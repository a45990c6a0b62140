#include "tar.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"

void np_tar_init(struct np_tar *tar, struct np_tree *tree, uint64_t files_limit) {
  memset(tar, 0, offsetof(struct np_tar, block));
  tar->tree = tree;
  tar->state = NP_TAR_HEADER;
  tar->files_limit = files_limit;
}

static int refuse(const struct np_tar *tar, struct np_error *error, const char *why) {
  const char *name = tar->name[0] != '\0' ? tar->name : tar->tree->base;
  np_fail(error, NP_UNPACK_REFUSED, "cannot unpack \"%.500s\": %s", name, why);
  np_hint(error, "the archive in this bundle was not made by nixpack; do not trust the file");
  return -1;
}

static void begin_part(struct np_tar *tar, enum np_tar_state state, uint64_t size) {
  tar->left = size;
  tar->padding = (unsigned)(-size % NP_TAR_BLOCK);
  tar->state = state;
}

static void end_entry(struct np_tar *tar) {
  tar->name[0] = tar->link[0] = '\0';
  tar->has_size = 0;
  tar->state = NP_TAR_HEADER;
}

// Values of a pax header in front win over the fields of the block.
static void take_names(struct np_tar *tar) {
  const char *block = (const char *)tar->block;
  if (tar->name[0] == '\0') {
    int prefix = (int)strnlen(block + 345, 155), name = (int)strnlen(block, 100);
    snprintf(tar->name, sizeof tar->name, "%.*s%s%.*s", prefix, block + 345, prefix > 0 ? "/" : "", name, block);
  }
  if (tar->link[0] == '\0') snprintf(tar->link, sizeof tar->link, "%.*s", (int)strnlen(block + 157, 100), block + 157);
}

static int begin_file(struct np_tar *tar, uint64_t mode, struct np_error *error) {
  if (mode != 0444 && mode != 0555) return refuse(tar, error, "its mode is neither 0444 nor 0555");
  if (tar->size > tar->files_limit - tar->files_size) return refuse(tar, error, "it is larger than the index says");
  tar->files_size += tar->size;
  tar->mode = (unsigned)mode;
  if (np_tree_file_begin(tar->tree, tar->name, error) != 0) return -1;
  begin_part(tar, NP_TAR_BODY, tar->size);
  return 0;
}

static int begin_entry(struct np_tar *tar, struct np_error *error) {
  char type = (char)tar->block[156];
  uint64_t mode, size;
  if (!np_tar_checksum_ok(tar->block) || memcmp(tar->block + 257, "ustar\0" "00", 8) != 0 ||
      np_tar_number(tar->block + 100, 8, &mode) != 0 || np_tar_number(tar->block + 124, 12, &size) != 0)
    return refuse(tar, error, "its archive has a malformed header");
  if (type == 'x') {
    if (size > NP_PAX_LIMIT || tar->name[0] != '\0' || tar->link[0] != '\0' || tar->has_size)
      return refuse(tar, error, "its archive has an impossible pax header");
    begin_part(tar, NP_TAR_PAX, size);
    return 0;
  }
  take_names(tar);
  if (!tar->has_size) tar->size = size;
  if (type == '0') return begin_file(tar, mode, error);
  if (type != '2' && type != '5') return refuse(tar, error, "it is no directory, regular file or symlink");
  if (tar->size != 0) return refuse(tar, error, "an entry without content claims a size");
  if (type == '5' && mode != 0555) return refuse(tar, error, "its mode is not 0555");
  int result = type == '5' ? np_tree_directory(tar->tree, tar->name, error)
                           : np_tree_symlink(tar->tree, tar->name, tar->link, error);
  end_entry(tar);
  return result;
}

static int take_header(struct np_tar *tar, struct np_error *error) {
  if (np_all_zero(tar->block, NP_TAR_BLOCK)) {
    if (tar->name[0] != '\0' || tar->link[0] != '\0' || tar->has_size) return refuse(tar, error, "its pax header stands alone");
    if (++tar->zero_blocks == 2) tar->state = NP_TAR_END;
    return 0;
  }
  if (tar->zero_blocks > 0) return refuse(tar, error, "its archive goes on after its end");
  return begin_entry(tar, error);
}

static int end_part(struct np_tar *tar, struct np_error *error) {
  int result = 0;
  if (tar->state == NP_TAR_PADDING) {
    tar->state = NP_TAR_HEADER;
    return 0;
  }
  uint64_t padding = tar->padding;
  if (tar->state == NP_TAR_PAX) result = np_tar_pax(tar, tar->filled, error);
  else {
    result = np_tree_file_end(tar->tree, tar->name, tar->mode, error);
    end_entry(tar);
  }
  tar->filled = 0;
  begin_part(tar, padding > 0 ? NP_TAR_PADDING : NP_TAR_HEADER, padding);
  return result;
}

static int take_body(struct np_tar *tar, const uint8_t *data, size_t size, struct np_error *error) {
  if (tar->state == NP_TAR_BODY) return np_tree_file_write(tar->tree, tar->name, data, size, error);
  if (tar->state == NP_TAR_PAX) {
    memcpy(tar->pax + tar->filled, data, size);
    tar->filled += (unsigned)size;
  }
  return 0;
}

int np_tar_feed(struct np_tar *tar, const uint8_t *data, size_t size, struct np_error *error) {
  while (size > 0) {
    size_t part = size;
    if (tar->state == NP_TAR_END)
      return np_all_zero(data, size) ? 0 : refuse(tar, error, "its archive goes on after its end");
    if (tar->state == NP_TAR_HEADER) {
      if (part > NP_TAR_BLOCK - tar->filled) part = NP_TAR_BLOCK - tar->filled;
      memcpy(tar->block + tar->filled, data, part);
      tar->filled += (unsigned)part;
      if (tar->filled == NP_TAR_BLOCK) {
        tar->filled = 0;
        if (take_header(tar, error) != 0) return -1;
      }
    } else {
      if (part > tar->left) part = (size_t)tar->left;
      if (take_body(tar, data, part, error) != 0) return -1;
      tar->left -= part;
    }
    data += part;
    size -= part;
    while (tar->state != NP_TAR_HEADER && tar->state != NP_TAR_END && tar->left == 0)
      if (end_part(tar, error) != 0) return -1;
  }
  return 0;
}

int np_tar_finish(const struct np_tar *tar, struct np_error *error) {
  return tar->state == NP_TAR_END ? 0 : refuse(tar, error, "its archive ends early");
}

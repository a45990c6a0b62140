// Archives of one store path, in one frame or in two that share their directories, in pieces of any size. The input:
// switches, seed of the cuts, which block begins the second archive, limit of the files, the blocks.
#include <string.h>

#include "arena.h"
#include "fuzz.h"
#include "relocation.h"
#include "tar.h"

#define FIX_CHECKSUMS 1U
#define REWRITE 2U
#define WHOLE 4U

#define REFERENCE "/nix/store/00000000000000000000000000000000"
#define RELOCATED "/a/cache/0/00000000000000000000000000000000"

static void fix_checksums(uint8_t *data, size_t size) {
  for (uint8_t *block = data; size >= NP_TAR_BLOCK; block += NP_TAR_BLOCK, size -= NP_TAR_BLOCK) {
    unsigned sum = 8 * ' ';
    char text[8];
    if (memcmp(block + 257, "ustar", 5) != 0) continue;
    for (unsigned i = 0; i < NP_TAR_BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(block + 148, text, 7);
    block[155] = ' ';
  }
}

// The archive's own, when it is one that the index would have let through.
static void name_base(char base[256], const uint8_t *data, size_t size) {
  static const char chars[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=";
  char name[101] = "";
  if (size >= 100) memcpy(name, data, 100);
  size_t length = strspn(name, chars);
  if (length <= 33 || name[32] != '-' || strspn(name, "0123456789abcdfghijklmnpqrsvwxyz") < 32 || (name[length] != '/' && name[length] != '\0'))
    strcpy(base, "00000000000000000000000000000000-evil");
  else snprintf(base, 256, "%.*s", (int)length, name);
}

static int unpack(struct np_tree *tree, const uint8_t *data, size_t size, uint64_t limit, uint32_t *cuts, uint64_t *files_size) {
  static struct np_tar tar;
  struct np_error error = { .message = "" };
  int result = 0;
  np_tar_init(&tar, tree, limit);
  while (result == 0 && size > 0) {
    size_t part = cuts == NULL ? size : np_next_random(cuts) % 1400 + 1;
    if (part > size) part = size;
    // A copy of exactly this size: reading beyond it is seen.
    uint8_t *copy = malloc(part);
    np_require(copy != NULL);
    memcpy(copy, data, part);
    result = np_tar_feed(&tar, copy, part, &error);
    free(copy);
    data += part;
    size -= part;
  }
  if (result == 0) result = np_tar_finish(&tar, &error);
  np_require(tar.files_size <= limit);
  if (result != 0) np_require(error.message[0] != '\0' && (error.code == NP_UNPACK_REFUSED || error.code == NP_CACHE_UNWRITABLE));
  *files_size += tar.files_size;
  return result;
}

static const struct np_rewriter *rewriter(void) {
  static struct np_rewriter r;
  static const char from[1][NP_REFERENCE_SIZE + 1] = { REFERENCE }, to[1][NP_REFERENCE_SIZE + 1] = { RELOCATED };
  char first[1][NP_REFERENCE_SIZE], second[1][NP_REFERENCE_SIZE];
  memcpy(first[0], from[0], NP_REFERENCE_SIZE);
  memcpy(second[0], to[0], NP_REFERENCE_SIZE);
  if (r.pairs == NULL) np_require(np_rewriter_create(&r, "/nix/store/", 1, first, second) == 0);
  return &r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct np_input in = { data, size };
  unsigned switches = (unsigned)np_take(&in, 1);
  uint32_t cuts = (uint32_t)np_take(&in, 2);
  size_t first = (size_t)np_take(&in, 1) * NP_TAR_BLOCK;
  uint64_t limit = np_take(&in, 4), files_size = 0;
  char base[256];
  uint8_t *blocks = malloc(in.size + 1);
  np_require(blocks != NULL);
  memcpy(blocks, in.data, in.size);
  if ((switches & FIX_CHECKSUMS) != 0) fix_checksums(blocks, in.size);
  name_base(base, blocks, in.size);
  bool shared = first > 0 && first < in.size;
  if (!shared) first = in.size;
  struct np_arena_claim claim = { .base = base, .complete = true, .files_limit = shared ? 2 * limit : limit };
  for (int frame = 0; frame < (shared ? 2 : 1) && claim.complete; frame++) {
    struct np_tree tree;
    np_tree_init(&tree, np_arena_root(), base, shared, (switches & REWRITE) != 0 ? rewriter() : NULL);
    claim.complete = unpack(&tree, frame == 0 ? blocks : blocks + first, frame == 0 ? first : in.size - first, limit,
                            (switches & WHOLE) != 0 ? NULL : &cuts, &files_size) == 0;
    np_tree_close(&tree);
  }
  claim.files_size = files_size;
  claim.absent = (switches & REWRITE) != 0 ? REFERENCE : NULL;
  np_arena_check(&claim);
  free(blocks);
  return 0;
}

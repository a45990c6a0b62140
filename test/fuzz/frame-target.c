// Compressed frames whose digest is right: bombs, rubbish behind the end, sizes that lie. The input: the sizes that the
// index promises, of the archive and of the files in it, and the frame.
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "frame.h"
#include "fuzz.h"

#define OFFSET 100  // not a page's

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int file = -1;
  char base[] = "00000000000000000000000000000000-evil";
  uint8_t digest[NP_SHA256_SIZE];
  struct np_input in = { data, size };
  uint64_t tar_size = np_take(&in, 3) * 512, limit = np_take(&in, 4), files_size = 0;
  if (in.size == 0 || tar_size < 1024) return 0;
  if (file < 0) file = memfd_create("bundle", MFD_CLOEXEC);
  np_require(ftruncate(file, 0) == 0 && pwrite(file, in.data, in.size, OFFSET) == (ssize_t)in.size);
  np_sha256(in.data, in.size, digest);
  struct np_path path = { .name = base, .frame_count = 1, .unpacked_size = limit };
  struct np_frame frame = { .offset = OFFSET, .size = in.size, .tar_size = tar_size, .digest = digest };
  struct np_bundle bundle = { .fd = file, .file = "bundle", .path_count = 1, .frame_count = 1, .paths = &path, .frames = &frame };
  struct np_tree tree;
  struct np_error error = { .message = "" };
  np_tree_init(&tree, np_arena_root(), base, false, NULL);
  int result = np_frame_unpack(&bundle, &frame, &tree, &files_size, &error);
  np_tree_close(&tree);
  np_require(result == 0 || error.message[0] != '\0');
  struct np_arena_claim claim = { .base = base, .complete = result == 0, .files_size = files_size, .files_limit = limit };
  np_arena_check(&claim);
  return 0;
}

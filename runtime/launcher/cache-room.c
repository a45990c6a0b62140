// How much of a bundle is missing in a cache directory, and whether the file system has room for it.
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>

#include "cache-find.h"

// What archives do not tell: the file system's blocks and its own records.
#define MARGIN_PART 16
#define MARGIN (1U << 20)
#define MARGIN_FILES 64

static uint64_t archive_size(const struct np_bundle *b, uint32_t path) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < b->paths[path].frame_count; i++) bytes += b->frames[b->paths[path].first_frame + i].tar_size;
  return bytes;
}

static void count(struct np_missing *missing, const struct np_cache *cache, const struct np_bundle *b, bool durable) {
  *missing = (struct np_missing){ .paths = 0 };
  for (uint32_t i = 0; i < b->path_count; i++) {
    enum np_presence presence = cache == NULL ? NP_MISSING : np_cache_presence(cache, b, i);
    if (presence == NP_DURABLE || (presence == NP_PENDING && !durable)) continue;
    missing->paths++;
    missing->bytes += archive_size(b, i);
  }
}

static bool holds_foreign(const struct np_cache *cache, const struct np_bundle *b) {
  for (uint32_t i = 0; i < b->path_count; i++)
    if (np_cache_presence(cache, b, i) == NP_FOREIGN) return true;
  return false;
}

// The tree that a start would use, as far as there is one.
static void count_in_trees(struct np_missing *missing, struct np_cache *cache, const struct np_bundle *b, bool durable) {
  bool is_found = false;
  for (unsigned number = 0; number < NP_TREE_COUNT && !is_found; number++) {
    struct np_relocation relocation;
    if (np_cache_open_tree(cache, b, &relocation, number, false) != 0) continue;
    is_found = !holds_foreign(cache, b);
    if (is_found) count(missing, cache, b, durable);
    np_relocation_free(&relocation);
    cache->relocation = NULL;
  }
  if (!is_found) count(missing, NULL, b, durable);
}

void np_cache_missing(struct np_missing *missing, int dir, const char *path, const struct np_cache_request *request, bool durable) {
  struct np_cache cache = { .read_only = true, .dir = -1, .store = -1, .tmp = -1, .locks = -1, .durable = -1, .pending = -1 };
  int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0 || np_cache_open_at(&cache, own, path) != 0) {
    count(missing, NULL, request->bundle, durable);
    return;
  }
  if (request->relocated) count_in_trees(missing, &cache, request->bundle, durable);
  else count(missing, &cache, request->bundle, durable);
  np_cache_close(&cache);
}

// A tmpfs without a size and many FUSE file systems say that they have no blocks.
uint64_t np_free_bytes(const struct statvfs *status) {
  uint64_t unit = status->f_frsize != 0 ? status->f_frsize : status->f_bsize, bytes;
  if (status->f_blocks == 0 || unit == 0 || __builtin_mul_overflow(unit, (uint64_t)status->f_bavail, &bytes)) return UINT64_MAX;
  return bytes;
}

static bool no_room(struct np_finding *f, const char *path) {
  char cause[sizeof f->cause];
  snprintf(cause, sizeof cause, "%s", f->cause);
  (void)np_finding_failed(f, "statvfs", ENOSPC);
  (void)np_explain_create(f, path);
  return np_finding_cause(f, "%s", cause);
}

bool np_cache_has_room(int dir, const char *path, const struct np_cache_request *request, bool forced, struct np_finding *f) {
  struct np_missing missing;
  struct statvfs status;
  char need_text[NP_SIZE_TEXT], free_text[NP_SIZE_TEXT];
  if (fstatvfs(dir, &status) != 0) return true;
  uint64_t available = np_free_bytes(&status);
  bool few_files = status.f_files > 0 && status.f_favail < MARGIN_FILES;
  count(&missing, NULL, request->bundle, false);
  if (!few_files && available >= missing.bytes + missing.bytes / MARGIN_PART + MARGIN) return true;
  np_cache_missing(&missing, dir, path, request, false);
  // Of the user's own choice, which may compress what is written to it, only the impossible is said.
  uint64_t need = missing.bytes + (forced ? 0 : missing.bytes / MARGIN_PART + MARGIN);
  if (missing.paths == 0) return true;
  if (few_files) (void)np_finding_cause(f, "the file system has no room for more files (inodes)");
  else if (available < need)
    (void)np_finding_cause(f, "%s are needed for %u store paths, %s are free", np_size_text(need_text, need), missing.paths, np_size_text(free_text, available));
  else return true;
  return no_room(f, path);
}

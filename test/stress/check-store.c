// check-store BUNDLE CACHE: compares every path of the bundle that has its final name in a store of the cache directory with the
// narHash in the bundle. Prints how many paths the bundle has, then for each store that is there a line: its name, how many paths
// are there, damaged, damaged though marked as durable, usable as their marks say, damaged though usable, durable; and the names
// of the damaged ones.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "nar.h"

static struct np_error error;

static void open_bundle(struct np_bundle *b, const char *file) {
  static struct np_self self;
  struct np_error scrap;
  struct stat status;
  uint8_t size[8];
  if (np_self_open(&self, file, &scrap) != 0) exit(np_report(&scrap));
  close(self.fd);
  self.fd = open(file, O_RDONLY | O_CLOEXEC);
  if (self.fd < 0 || fstat(self.fd, &status) != 0) exit(2);
  snprintf(self.path, sizeof self.path, "%s", file);
  self.size = (uint64_t)status.st_size;
  // Where the launcher ends is in the footer.
  if (pread(self.fd, size, sizeof size, status.st_size - 64) != (ssize_t)sizeof size) exit(2);
  self.elf_size = 0;
  for (int i = 0; i < 8; i++) self.elf_size |= (uint64_t)size[i] << (8 * i);
  if (np_bundle_read(b, &self, &scrap) != 0) exit(np_report(&scrap));
}

static int is_intact(const struct np_cache *cache, const struct np_bundle *b, uint32_t path) {
  uint8_t digest[NP_SHA256_SIZE];
  const struct np_rewriter *backward = cache->relocation != NULL && b->paths[path].references ? &cache->relocation->backward : NULL;
  return np_nar_hash(cache->store, np_cache_name(cache, b, path), backward, digest, &error) == 0 &&
         memcmp(digest, b->paths[path].nar_hash, sizeof digest) == 0;
}

static void check(const char *name, const struct np_cache *cache, const struct np_bundle *b) {
  unsigned there = 0, damaged = 0, durable_damaged = 0, usable = 0, usable_damaged = 0, durable = 0;
  char *intact = calloc(b->path_count, 1);
  for (uint32_t i = 0; i < b->path_count; i++) {
    enum np_presence presence = np_cache_presence(cache, b, i);
    intact[i] = 1;
    if (presence == NP_MISSING || presence == NP_FOREIGN) continue;
    intact[i] = (char)is_intact(cache, b, i);
    there++;
    damaged += !intact[i];
    if (presence == NP_STALE) continue;
    usable++;
    usable_damaged += !intact[i];
    durable += presence == NP_DURABLE;
    durable_damaged += presence == NP_DURABLE && !intact[i];
  }
  printf("%s %u %u %u %u %u %u\n", name, there, damaged, durable_damaged, usable, usable_damaged, durable);
  for (uint32_t i = 0; i < b->path_count; i++)
    if (!intact[i]) printf("damaged: %s %s\n", name, np_cache_name(cache, b, i));
  free(intact);
}

int main(int argc, char **argv) {
  struct np_bundle bundle;
  struct np_cache cache = { .read_only = true };
  struct np_relocation relocation;
  if (argc != 3) return 2;
  open_bundle(&bundle, argv[1]);
  printf("paths %u\n", bundle.path_count);
  for (int number = -1; number < NP_TREE_COUNT; number++) {
    char name[16] = "plain";
    int dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // Killed before it was made.
    if (dir < 0 || np_cache_open_at(&cache, dir, argv[2]) != 0) return 0;
    if (number >= 0) snprintf(name, sizeof name, "tree-%d", number);
    if (number < 0 || np_cache_open_tree(&cache, &bundle, &relocation, (unsigned)number, false) == 0) check(name, &cache, &bundle);
    if (cache.relocation != NULL) np_relocation_free(&relocation);
    cache.relocation = NULL;
    np_cache_close(&cache);
  }
  return 0;
}

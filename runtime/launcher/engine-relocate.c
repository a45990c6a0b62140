// Engine `relocate`: no kernel feature at all. References to store paths are rewritten while unpacking.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"

// Its trial is the search for a cache directory, which executes a program there; provide has to do that anyway.
static int try_relocate(struct np_place *place, struct np_cause *cause) {
  (void)place;
  cause->error = 0;
  return 0;
}

// A service that drops root must be able to look up names below the cache directory, though not to list it.
static void open_to_others(const struct np_cache *cache) {
  struct stat status;
  if (geteuid() != 0 || cache->read_only || fstat(cache->dir, &status) != 0 || (status.st_mode & 0011) == 0011) return;
  (void)fchmod(cache->dir, (status.st_mode | 0011) & 07777);
}

// Said once, when the tree is made: a program that misses something is looked at then.
static void warn_of_notes(const struct np_bundle *b) {
  for (uint32_t i = 0; i < b->path_count; i++) {
    const char *note = b->paths[i].notes, *file = strchr(note, '\t');
    if (note[0] == '\0' || file == NULL) continue;
    np_warn("relocated, but not every reference to a store path could be: %s/%.*s (%.*s) may be the first of several, --nixpack-doctor lists them",
            b->paths[i].name, (int)strcspn(file + 1, "\n"), file + 1, (int)(file - note), note);
    return;
  }
}

static int provide_relocate(struct np_place *place, struct np_error *error) {
  int found = np_place_unpack(place, true, error);
  if (found != 0) return found;
  open_to_others(&place->cache);
  if (place->has_unpacked) warn_of_notes(place->bundle);
  np_place_name(place, place->relocation.tree);
  return 0;
}

const struct np_engine np_engine_relocate = { "relocate", try_relocate, provide_relocate };

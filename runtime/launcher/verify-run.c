// --nixpack-verify [--repair]: the file, then what is unpacked of it: in the cache directory that a start would use and in those
// that other starts have used, the plain store and every tree that was relocated for the directory's present path; and what the
// engine nix-dir has put into /nix/store.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-find.h"
#include "engine.h"
#include "fd.h"
#include "frame.h"
#include "lease.h"
#include "own-path.h"
#include "path-lock.h"
#include "verify.h"
#include "worker.h"

struct check {
  const struct np_bundle *bundle;
  struct np_cache *cache;
  bool repair;
  bool is_shared;        // the host's own paths lie beside ours
  bool *is_fine;         // by path number: nothing to repair
  char *listed;          // the root entry's text, or NULL
  uint32_t seen, damaged, repaired;  // in all stores
};

static int verify_file(const struct np_bundle *b, struct np_error *error) {
  for (uint32_t i = 0; i < b->frame_count; i++)
    if (np_frame_verify(b, &b->frames[i], error) != 0) return -1;
  printf("%s: footer, index and %u frames of %u store paths are intact\n", b->name, b->frame_count, b->path_count);
  return 0;
}

// What a start of this bundle has put there: a path that is not in the list (the host's own is used, say) is not missing.
static char *read_list(const struct np_cache *cache, const struct np_bundle *b) {
  char name[sizeof NP_ROOTS + NP_ROOT_NAME_SIZE] = NP_ROOTS "/";
  struct stat status;
  np_root_name(cache, b, name + sizeof NP_ROOTS);
  if (fstatat(cache->dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return NULL;
  char *text = malloc((size_t)status.st_size + 2);
  if (text != NULL && np_read_text(cache->dir, name, text + 1, (size_t)status.st_size + 1) < 0) text[1] = '\0';
  if (text != NULL) text[0] = '\n';
  return text;
}

static bool is_listed(const struct check *c, uint32_t path) {
  char line[NAME_MAX + 3];
  snprintf(line, sizeof line, "\n%s\n", np_cache_name(c->cache, c->bundle, path));
  return c->listed != NULL && strstr(c->listed, line) != NULL;
}

static const char *store_name(const struct check *c, char name[PATH_MAX + 16]) {
  if (c->cache->relocation != NULL) return c->cache->relocation->tree;
  snprintf(name, PATH_MAX + 16, "%s%s", c->is_shared ? NP_STORE_DIR : c->cache->path, c->is_shared ? "" : "/store");
  return name;
}

static void print_path(const struct check *c, const char *verdict, uint32_t path) {
  char store[PATH_MAX + 16];
  printf("%s: %s/%s\n", verdict, store_name(c, store), np_cache_name(c->cache, c->bundle, path));
}

// *state: NULL when there is nothing to say.
static int check_path(struct check *c, uint32_t path, const char **state, struct np_error *error) {
  bool intact;
  *state = NULL;
  if (c->is_shared && !np_is_own_path(c->cache->store, c->cache->durable, c->cache->pending, np_cache_name(c->cache, c->bundle, path))) return 0;
  switch (np_cache_presence(c->cache, c->bundle, path)) {
    case NP_FOREIGN: return 0;
    case NP_MISSING:
      if (!is_listed(c, path)) return 0;
      *state = "missing";
      break;
    case NP_STALE:
    case NP_PENDING:
    case NP_DURABLE:
    default:
      if (np_verify_path(c->cache, c->bundle, path, &intact, error) != 0) return -1;
      if (!intact) *state = "damaged";
  }
  c->seen++;
  return 0;
}

// Without marks it counts as stale, and a start or the repair below replaces it. Somebody who holds the lock is doing so.
static void unmark(const struct check *c, uint32_t path) {
  const char *name = np_cache_name(c->cache, c->bundle, path);
  cleanup_fd int lock = np_path_lock(c->cache->locks, name);
  if (lock < 0) return;
  (void)unlinkat(c->cache->durable, name, 0);
  (void)unlinkat(c->cache->pending, name, 0);
}

// Unpacked under the paths' locks, complete before it takes the place of what is there. A program that runs from a damaged path
// keeps the files that it has open, because these are moved aside and then unlinked; whatever it opens from now on is the new one.
static int repair_store(struct check *c, uint32_t bad, struct np_error *error) {
  for (uint32_t i = 0; i < c->bundle->path_count; i++)
    if (!c->is_fine[i]) unmark(c, i);
  c->cache->elsewhere = c->is_fine;
  // Before it forks.
  (void)fflush(stdout);
  int result = np_worker_unpack(c->bundle, c->cache, error);
  c->cache->elsewhere = NULL;
  if (result != 0) return -1;
  for (uint32_t i = 0; i < c->bundle->path_count; i++) {
    bool intact;
    if (c->is_fine[i]) continue;
    if (np_verify_path(c->cache, c->bundle, i, &intact, error) != 0) return -1;
    if (!intact)
      return np_fail(error, NP_PAYLOAD_CORRUPT, "cannot repair \"%s\": what \"%s\" holds of it does not match its hash",
                     c->bundle->paths[i].name, c->bundle->file);
    print_path(c, "repaired", i);
  }
  c->repaired += bad;
  return 0;
}

static int check_store(struct check *c, struct np_error *error) {
  uint32_t bad = 0;
  int result = 0;
  c->listed = read_list(c->cache, c->bundle);
  for (uint32_t i = 0; result == 0 && i < c->bundle->path_count; i++) {
    const char *state;
    result = check_path(c, i, &state, error);
    c->is_fine[i] = state == NULL;
    if (state == NULL) continue;
    print_path(c, state, i);
    bad++;
  }
  free(c->listed);
  c->damaged += bad;
  return result == 0 && bad > 0 && c->repair ? repair_store(c, bad, error) : result;
}

static int check_stores(struct check *c, struct np_error *error) {
  int result = check_store(c, error);
  for (unsigned number = 0; result == 0 && number < NP_TREE_COUNT; number++) {
    struct np_relocation relocation;
    if (np_relocation_problem(c->bundle, c->cache->path) != NULL) break;
    if (np_cache_open_tree(c->cache, c->bundle, &relocation, number, false) != 0) continue;
    result = check_store(c, error);
    np_relocation_free(&relocation);
    c->cache->relocation = NULL;
  }
  return result;
}

static int conclude(const struct check *c, struct np_error *error) {
  uint32_t left = c->damaged - c->repaired;
  if (c->seen > 0 && left == 0 && c->repaired == 0) printf("%s: %u unpacked store paths in \"%s\" are intact\n", c->bundle->name, c->seen, c->cache->path);
  if (c->repaired > 0)
    printf("%s: %u of %u unpacked store paths in \"%s\" were damaged or missing and are repaired\n", c->bundle->name,
           c->repaired, c->seen, c->cache->path);
  if (left == 0) return 0;
  np_fail(error, NP_CACHE_DAMAGED, "cannot rely on cache directory \"%s\": %u of %u unpacked store paths of this bundle are damaged or missing",
          c->cache->path, left, c->seen);
  np_hint(error, "unpack them anew with --nixpack-verify --repair");
  return -1;
}

// Takes over the cache. The first failure is the one that is reported.
static void check_cache(struct check *c, struct np_cache *cache, bool *has_failed, struct np_error *error) {
  struct np_error own;
  c->cache = cache;
  c->seen = c->damaged = c->repaired = 0;
  int result = check_stores(c, &own);
  if (result == 0) result = conclude(c, &own);
  if (result != 0 && !*has_failed) *error = own;
  *has_failed |= result != 0;
  np_cache_close(cache);
}

// The one that a start would use, created when it is missing, then those that are there.
static uint32_t check_caches(struct check *c, bool *has_failed, struct np_error *error) {
  struct np_cache_request request = { .bundle = c->bundle };
  struct np_finding finding;
  struct np_cache cache;
  uint32_t seen = 0;
  bool is_first = true;
  for (int i = 0; i < np_cache_candidates(); i++) {
    struct np_candidate candidate;
    struct stat status;
    if (np_candidate_get(&candidate, i, &finding) != 0) continue;
    if (!is_first && lstat(candidate.path, &status) != 0) continue;
    if (!candidate.forced && (!np_cache_examine(i, &request, &finding) || !finding.usable)) continue;
    request.first = i;
    struct np_error refusal;
    if (np_cache_find(&cache, &request, &refusal) != 0) {
      if (candidate.forced) *error = refusal;
      *has_failed |= candidate.forced;
      continue;
    }
    is_first = false;
    i = cache.candidate;
    check_cache(c, &cache, has_failed, error);
    seen += c->seen;
  }
  return seen;
}

int np_verify_run(const struct np_bundle *b, bool repair, struct np_error *error) {
  bool has_failed = false;
  struct np_cache shared;
  if (verify_file(b, error) != 0) return -1;
  struct check c = { .bundle = b, .repair = repair, .is_fine = calloc(b->path_count, sizeof *c.is_fine) };
  if (c.is_fine == NULL) return np_fail(error, NP_CACHE_UNWRITABLE, "cannot verify the cache directory: out of memory");
  uint32_t seen = check_caches(&c, &has_failed, error);
  if (np_nix_dir_open(&shared) == 0) {
    c.is_shared = true;
    check_cache(&c, &shared, &has_failed, error);
    seen += c.seen;
  }
  if (seen == 0 && !has_failed) printf("%s: nothing of it is unpacked\n", b->name);
  free(c.is_fine);
  return has_failed ? -1 : 0;
}

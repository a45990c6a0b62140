// The search for a usable cache directory, which the doctor follows without leaving anything behind.
#include "cache-find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANDIDATES_MAX 8
// Between a mkdir and what follows, a doctor may remove the directory that it made itself.
#define ATTEMPTS 3

struct attempt {
  const struct np_cache_request *request;
  struct np_candidate candidate;
  struct np_finding *finding;
  bool examine;
  bool read_only;
};

static bool check_relocation(struct attempt *a) {
  const char *problem = a->request->relocated ? np_relocation_problem(a->request->bundle, a->candidate.path) : NULL;
  if (problem == NULL) return true;
  (void)np_finding_failed(a->finding, "", 0);
  (void)np_finding_cause(a->finding, "%s", problem);
  return np_finding_again(a->finding, "NIXPACK_CACHE_DIR=/some/dir");
}

// What cannot be written can still be used, when nothing has to be written.
static bool check_read_only(struct attempt *a, int dir) {
  struct np_finding *f = a->finding;
  struct np_missing missing;
  (void)np_finding_failed(f, "faccessat(W_OK)", errno);
  np_cache_missing(&missing, dir, a->candidate.path, a->request, true);
  if (missing.paths > 0) {
    (void)np_explain_create(f, a->candidate.path);
    return np_finding_cause(f, "it cannot be written to, and %u of %u store paths are missing in it", missing.paths, a->request->bundle->path_count);
  }
  const char *problem = np_cache_probe_existing(dir);
  if (problem == NULL) return true;
  (void)np_finding_failed(f, problem, errno);
  return np_explain_probe(f, a->candidate.path);
}

static bool check_writable(struct attempt *a, int dir) {
  struct np_finding *f = a->finding;
  const char *problem = a->examine ? np_cache_probe_once(dir) : np_cache_probe(dir);
  if (problem != NULL) {
    (void)np_finding_failed(f, problem, errno);
    return np_explain_probe(f, a->candidate.path);
  }
  // A start does not argue with the user's own choice.
  if (a->candidate.forced && !a->examine) return true;
  return np_cache_has_room(dir, a->candidate.path, a->request, a->candidate.forced, f);
}

// An open directory, or -1 with the finding.
static int try_candidate(struct attempt *a, size_t *created) {
  *created = 0;
  if (!check_relocation(a)) return -1;
  int dir = np_candidate_open(&a->candidate, a->examine, created, a->finding);
  if (dir < 0) return -1;
  a->read_only = !np_cache_is_writable(dir);
  if (a->read_only ? check_read_only(a, dir) : check_writable(a, dir)) {
    a->finding->usable = true;
    return dir;
  }
  close(dir);
  return -1;
}

static void reset(struct np_cache *cache, int candidate) {
  memset(cache, 0, sizeof *cache);
  cache->dir = cache->store = cache->tmp = cache->locks = cache->durable = cache->pending = -1;
  cache->candidate = candidate;
}

static void clear(struct np_finding *f) {
  f->call[0] = f->cause[0] = f->remedy[0] = '\0';
  f->error = 0;
}

static bool take_candidate(struct attempt *a, struct np_cache *cache) {
  struct np_finding *f = a->finding;
  size_t created;
  for (int i = 0; i < ATTEMPTS; i++) {
    clear(f);
    int dir = try_candidate(a, &created);
    if (dir >= 0) {
      cache->read_only = a->read_only;
      if (np_cache_open_at(cache, dir, a->candidate.path) == 0) return true;
      f->usable = false;
      (void)np_finding_failed(f, "mkdirat", errno);
      (void)np_explain_create(f, a->candidate.path);
    }
    if (f->error != ENOENT) break;
  }
  return false;
}

static int fail(const struct np_finding *findings, size_t count, struct np_error *error) {
  char text[1200];
  if (strcmp(findings[0].origin, "NIXPACK_CACHE_DIR") == 0) {
    np_finding_text(text, sizeof text, &findings[0]);
    np_fail(error, NP_CACHE_UNWRITABLE, "cannot use cache directory %s", text);
    np_hint(error, "set NIXPACK_CACHE_DIR to an empty or new directory of your own in which programs may be executed, or unset it");
    return -1;
  }
  np_findings_join(text, sizeof text, findings, count);
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot find a usable cache directory: %s", count > 0 ? text : "there is none");
  np_hint(error, "set NIXPACK_CACHE_DIR to a directory of your own in which programs may be executed; --nixpack-doctor shows more");
  return 1;
}

int np_cache_find(struct np_cache *cache, const struct np_cache_request *request, struct np_error *error) {
  static struct np_finding findings[CANDIDATES_MAX];
  size_t refused = 0;
  struct attempt attempt = { .request = request };
  findings[0].origin[0] = '\0';
  reset(cache, request->first);
  for (int i = request->first; i < np_cache_candidates(); i++) {
    struct np_finding *f = attempt.finding = &findings[refused];
    int found = np_candidate_get(&attempt.candidate, i, f);
    reset(cache, i);
    if (found == 0 && take_candidate(&attempt, cache)) return 0;
    // A variable that is not set is no news, nor is a directory that is not for this user.
    if (found == 0 || (found < 0 && f->subject[0] != '$')) refused++;
  }
  return fail(findings, refused, error);
}

bool np_cache_examine(int candidate, const struct np_cache_request *request, struct np_finding *finding) {
  struct attempt attempt = { .request = request, .finding = finding, .examine = true };
  size_t created;
  int found = np_candidate_get(&attempt.candidate, candidate, finding);
  if (found != 0) return found < 0;
  int dir = try_candidate(&attempt, &created);
  np_candidate_remove(attempt.candidate.path, created);
  if (dir >= 0) {
    clear(finding);
    close(dir);
  }
  return true;
}

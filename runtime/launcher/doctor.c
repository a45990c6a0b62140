#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor-isolate.h"
#include "explain.h"
#include "fd.h"

struct cache_task {
  const struct np_bundle *bundle;
  int candidate;
};

// Of a directory that does not exist yet: the one in which it would be created.
static uint64_t measure_free(const char *path) {
  char existing[PATH_MAX];
  struct statvfs status;
  snprintf(existing, sizeof existing, "%s", path);
  for (char *slash; statvfs(existing, &status) != 0; *slash = '\0') {
    slash = strrchr(existing, '/');
    if (slash == existing && existing[1] != '\0') slash++;
    else if (slash == NULL || slash == existing) return UINT64_MAX;
  }
  return np_free_bytes(&status);
}

static void measure(struct np_cache_check *check, const struct np_bundle *b) {
  cleanup_fd int dir = open(check->plain.subject, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  check->free_bytes = measure_free(check->plain.subject);
  np_cache_missing(&check->missing, dir, check->plain.subject, &(struct np_cache_request){ .bundle = b }, false);
  np_cache_missing(&check->missing_relocated, dir, check->plain.subject, &(struct np_cache_request){ .bundle = b, .relocated = true }, false);
}

static void check_cache(void *context, void *result) {
  const struct cache_task *task = context;
  struct np_cache_check *check = result;
  struct np_cache_request request = { .bundle = task->bundle };
  check->applies = np_cache_examine(task->candidate, &request, &check->plain);
  if (!check->applies) return;
  request.relocated = true;
  (void)np_cache_examine(task->candidate, &request, &check->relocated);
  measure(check, task->bundle);
}

struct engine_task {
  struct np_bundle *bundle;
  const struct np_engine *engine;
};

static void check_engine(void *context, void *result) {
  static struct np_place place;
  const struct engine_task *task = context;
  struct np_finding *finding = result;
  struct np_cause cause = { .error = 0 };
  place.bundle = task->bundle;
  if (np_engine_try(task->engine, &place, &cause) != 0) {
    np_explain_engine(task->engine->name, &cause, finding);
  } else {
    snprintf(finding->subject, sizeof finding->subject, "%s", task->engine->name);
    finding->usable = true;
  }
}

// Work that did not come back.
static void explain_isolated(enum np_isolated outcome, struct np_finding *f) {
  if (outcome == NP_ISOLATED_FAILED) {
    (void)np_finding_failed(f, "fork", errno);
    (void)np_finding_cause(f, "a limit of processes or memory");
    (void)np_finding_remedy(f, "ulimit -a");
  } else if (outcome == NP_ISOLATED_HANGS) {
    (void)np_finding_failed(f, "", ETIMEDOUT);
    (void)np_finding_cause(f, "no answer within %d s, as from a network file system whose server is gone", NP_DOCTOR_TIMEOUT_S);
    (void)np_candidate_elsewhere(f);
  } else {
    (void)np_finding_failed(f, "", EPERM);
    (void)np_finding_cause(f, "the process that tried it was killed, as by a seccomp filter");
    (void)np_candidate_elsewhere(f);
  }
}

static void examine_cache(struct np_examination *e, int candidate) {
  struct np_cache_check *check = &e->caches[e->cache_count];
  struct np_candidate named;
  struct cache_task task = { e->bundle, candidate };
  enum np_isolated outcome = np_isolate(check_cache, &task, check, sizeof *check);
  if (outcome != NP_ISOLATED_DONE) {
    int saved = errno;
    check->applies = np_candidate_get(&named, candidate, &check->plain) <= 0;
    errno = saved;
    explain_isolated(outcome, &check->plain);
    check->relocated = check->plain;
    check->missing.paths = check->missing_relocated.paths = e->bundle->path_count;
  }
  if (check->applies) e->cache_count++;
}

static void examine_engine(struct np_examination *e, struct np_bundle *bundle, const struct np_engine *engine, struct np_finding *f) {
  struct engine_task task = { bundle, engine };
  enum np_isolated outcome = np_isolate(check_engine, &task, f, sizeof *f);
  if (outcome != NP_ISOLATED_DONE) {
    snprintf(f->subject, sizeof f->subject, "%s", engine->name);
    explain_isolated(outcome, f);
  }
  // Its trial is the search for a directory.
  if (engine != &np_engine_relocate || !f->usable) return;
  f->usable = np_doctor_first(e, true) != NULL;
  if (!f->usable) np_explain_relocate(f);
}

static void examine(struct np_examination *e, struct np_bundle *bundle) {
  const struct np_engine *order[NP_ENGINE_COUNT];
  e->bundle = bundle;
  for (int i = 0; i < np_cache_candidates() && e->cache_count < NP_DOCTOR_CACHES_MAX; i++) examine_cache(e, i);
  np_engine_order(bundle, order);
  for (int i = 0; i < NP_ENGINE_COUNT; i++) examine_engine(e, bundle, order[i], &e->engines[i]);
  np_doctor_plan(e);
}

int np_doctor_run(struct np_bundle *bundle, bool json) {
  static struct np_examination examination;
  // A caller's umask without rights for the owner would lock us out of what we make to try it.
  (void)umask(022);
  examine(&examination, bundle);
  if (json) np_doctor_print_json(&examination);
  else np_doctor_print(&examination);
  return examination.start.engine != NULL ? 0 : 125;
}

// Choice of an engine by doing what it will do, in a throw-away child: on some hosts unshare() succeeds and the mounts
// are refused afterwards.
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain.h"
#include "fd.h"

int np_cause_about(struct np_cause *cause, const char *call, const char *subject) {
  int saved = errno;
  snprintf(cause->call, sizeof cause->call, "%s", call);
  snprintf(cause->subject, sizeof cause->subject, "%s", subject);
  cause->error = saved;
  return -1;
}

int np_cause_set(struct np_cause *cause, const char *call) {
  return np_cause_about(cause, call, "");
}

// Relocation cannot reach what the lint of the build has found: then a directory on the host is the lesser evil.
void np_engine_order(const struct np_bundle *b, const struct np_engine *order[NP_ENGINE_COUNT]) {
  order[0] = &np_engine_host;
  order[1] = &np_engine_mount;
  order[2] = &np_engine_userns;
  order[b->safe ? 3 : 4] = &np_engine_relocate;
  order[b->safe ? 4 : 3] = &np_engine_nix_dir;
}

int np_engine_try(const struct np_engine *engine, struct np_place *place, struct np_cause *cause) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return np_cause_set(cause, "pipe2");
  pid_t child = fork();
  if (child == 0) {
    // A filter that kills would leave a core file of it.
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    *cause = (struct np_cause){ .error = 0 };
    if (engine->trial(place, cause) == 0) cause->error = 0;
    np_write_all(ends[1], cause, sizeof *cause);
    _exit(0);
  }
  int saved = errno;
  close(ends[1]);
  // A child that dies without a word was killed by a filter.
  struct np_cause report = { .call = "trial killed", .error = EPERM };
  if (child > 0) {
    struct np_cause read_back;
    if (np_read_all(ends[0], &read_back, sizeof read_back) == (ssize_t)sizeof read_back) report = read_back;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  } else {
    errno = saved;
    (void)np_cause_set(&report, "fork");
  }
  close(ends[0]);
  *cause = report;
  return cause->error == 0 ? 0 : -1;
}

static int unknown_engine(const char *wanted, const struct np_engine *const order[], struct np_error *error) {
  char known[128] = "";
  size_t used = 0;
  for (size_t i = 0; i < NP_ENGINE_COUNT; i++)
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", order[i]->name);
  np_fail(error, NP_USAGE, "cannot use engine \"%.60s\" (from NIXPACK_ENGINE): it is not known, the known ones are %s", wanted, known);
  np_hint(error, "set NIXPACK_ENGINE to one of them, or unset it");
  return -1;
}

// Explained only when nothing works: that takes longer than a trial.
struct refusals {
  const struct np_engine *engines[NP_ENGINE_COUNT];
  struct np_cause causes[NP_ENGINE_COUNT];
  struct np_error errors[NP_ENGINE_COUNT];  // of an engine that gave up later; no message: the cause tells
  size_t count;
};

static void add_refusal(struct refusals *r, const struct np_engine *engine, const struct np_cause *cause, const struct np_error *error) {
  if (r->count == NP_ENGINE_COUNT) return;
  r->engines[r->count] = engine;
  r->causes[r->count] = *cause;
  if (error != NULL) r->errors[r->count] = *error;
  else r->errors[r->count].message[0] = '\0';
  r->count++;
}

static void explain(char *text, size_t size, const struct refusals *r) {
  static struct np_finding findings[NP_ENGINE_COUNT];
  for (size_t i = 0; i < r->count; i++) {
    struct np_finding *f = &findings[i];
    np_explain_engine(r->engines[i]->name, &r->causes[i], f);
    if (r->errors[i].message[0] != '\0') {
      f->error = 0;
      (void)np_finding_cause(f, "%s", r->errors[i].message);
    }
    snprintf(f->subject, sizeof f->subject, "engine %s", r->engines[i]->name);
  }
  np_findings_join(text, size, findings, r->count);
}

// As np_engine.provide.
static int use(const struct np_engine *engine, struct np_place *place, bool remember, struct refusals *refusals, struct np_error *error) {
  struct np_cause cause = { .error = 0 };
  if (np_engine_try(engine, place, &cause) != 0) {
    add_refusal(refusals, engine, &cause, NULL);
    return 1;
  }
  place->engine = engine->name;
  // Before the file system looks different.
  if (remember) np_engine_remember(place, engine);
  int result = engine->provide(place, error);
  if (result > 0) add_refusal(refusals, engine, &cause, error);
  return result;
}

static int refuse(const char *wanted, const struct refusals *refusals, const struct np_error *only, struct np_error *error) {
  char text[1300];
  // One engine, and not the engine's fault: its own words say it best.
  if (only != NULL) {
    *error = *only;
    return -1;
  }
  explain(text, sizeof text, refusals);
  np_fail(error, NP_STORE_UNAVAILABLE, "cannot make \"/nix/store\" visible: %s", text);
  np_hint(error, wanted != NULL ? "unset NIXPACK_ENGINE to let every engine be tried, or see what can be done with --nixpack-doctor"
                                : "see what can be done with --nixpack-doctor");
  return -1;
}

static int provide(struct np_place *place, struct np_error *error) {
  const struct np_engine *order[NP_ENGINE_COUNT];
  const char *wanted = getenv("NIXPACK_ENGINE");
  struct refusals refusals = { .count = 0 };
  struct np_error none, other;
  bool is_known = false;
  if (wanted != NULL && wanted[0] == '\0') wanted = NULL;
  np_engine_order(place->bundle, order);
  for (size_t i = 0; i < NP_ENGINE_COUNT; i++) is_known |= wanted != NULL && strcmp(wanted, order[i]->name) == 0;
  if (wanted != NULL && !is_known) return unknown_engine(wanted, order, error);
  // A directory that cannot be written to may hold the closure relocated, and only so.
  bool relocated_only = np_place_find(place, false, &none) < 0;
  if (relocated_only && ((wanted != NULL && strcmp(wanted, np_engine_relocate.name) != 0) || np_place_find(place, true, &other) != 0)) {
    *error = none;
    return -1;
  }
  const struct np_engine *remembered = wanted == NULL && !relocated_only ? np_engine_recall(place, order) : NULL;
  if (remembered != NULL) {
    int result = use(remembered, place, false, &refusals, error);
    if (result <= 0) return result;
    refusals.count = 0;
  }
  for (size_t i = 0; i < NP_ENGINE_COUNT; i++) {
    if ((wanted != NULL && strcmp(wanted, order[i]->name) != 0) || (relocated_only && order[i] != &np_engine_relocate)) continue;
    none.message[0] = '\0';
    int result = use(order[i], place, wanted == NULL, &refusals, &none);
    if (result == 0) return 0;
    if (result < 0 || (wanted != NULL && none.message[0] != '\0')) return refuse(wanted, &refusals, &none, error);
  }
  return refuse(wanted, &refusals, NULL, error);
}

int np_engine_provide(struct np_place *place, struct np_error *error) {
  // A caller's umask without rights for the owner would lock us out of our own directories.
  mode_t mask = umask(022);
  int result = provide(place, error);
  umask(mask);
  return result;
}

// Choice of an engine by doing what it will do, in a throw-away child: on some hosts unshare() succeeds and the mounts
// are refused afterwards.
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "root.h"

static const struct np_engine *const engines[] = { &np_engine_mount, &np_engine_userns };
#define ENGINE_COUNT (sizeof engines / sizeof *engines)

int np_cause_set(struct np_cause *cause, const char *call) {
  int saved = errno;
  snprintf(cause->call, sizeof cause->call, "%s", call);
  cause->error = saved;
  return -1;
}

static int try_in_child(const struct np_engine *engine, struct np_cause *cause) {
  if (chdir("/") != 0) return np_cause_set(cause, "chdir(\"/\")");
  if (engine->enter(cause) != 0) return -1;
  if (np_root_begin(true, cause) != 0) return -1;
  return np_root_try(cause);
}

static int try_engine(const struct np_engine *engine, struct np_cause *cause) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return np_cause_set(cause, "pipe2");
  pid_t child = fork();
  if (child == 0) {
    *cause = (struct np_cause){ .error = 0 };
    (void)try_in_child(engine, cause);
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

static int unknown_engine(const char *wanted, struct np_error *error) {
  char known[128] = "";
  size_t used = 0;
  for (size_t i = 0; i < ENGINE_COUNT; i++)
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", engines[i]->name);
  np_fail(error, NP_USAGE, "cannot use engine \"%.60s\" (from NIXPACK_ENGINE): it is not known, the known ones are %s", wanted, known);
  np_hint(error, "set NIXPACK_ENGINE to one of them, or unset it");
  return -1;
}

const struct np_engine *np_engine_choose(struct np_error *error) {
  const char *wanted = getenv("NIXPACK_ENGINE");
  char reasons[800] = "";
  size_t used = 0, matching = 0;
  if (wanted != NULL && wanted[0] == '\0') wanted = NULL;
  for (size_t i = 0; i < ENGINE_COUNT; i++) {
    struct np_cause cause;
    if (wanted != NULL && strcmp(wanted, engines[i]->name) != 0) continue;
    matching++;
    if (try_engine(engines[i], &cause) == 0) return engines[i];
    int length = snprintf(reasons + used, sizeof reasons - used, "%sengine %s: %s: %s (%s)", used > 0 ? "; " : "", engines[i]->name,
                          cause.call, strerror(cause.error), engines[i]->explain(&cause));
    if (length > 0 && used + (size_t)length < sizeof reasons) used += (size_t)length;
  }
  if (matching == 0) {
    (void)unknown_engine(wanted, error);
    return NULL;
  }
  np_fail(error, NP_STORE_UNAVAILABLE, "cannot make \"/nix/store\" visible: %s", reasons);
  np_hint(error, wanted != NULL ? "unset NIXPACK_ENGINE to let every engine be tried"
                                : "start it as root, or allow unprivileged user namespaces on this host");
  return NULL;
}

// Which directories may hold the cache, in the order in which they are tried.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-find.h"

#define FORCED "NIXPACK_CACHE_DIR"

static const struct {
  const char *variable;  // NULL: a fixed directory
  const char *below;
  int own_parents;
} places[] = {
  { "XDG_CACHE_HOME", "/nixpack", 8 }, { "HOME", "/.cache/nixpack", 1 },    { NULL, "/var/cache/nixpack", 0 }, { "XDG_RUNTIME_DIR", "/nixpack", 0 },
  { NULL, "/var/tmp/nixpack-", 0 },    { NULL, "/tmp/nixpack-", 0 },        { NULL, "/dev/shm/nixpack-", 0 },
};
#define PLACE_COUNT (int)(sizeof places / sizeof *places)

static const char *forced_path(void) {
  const char *forced = getenv(FORCED);
  return forced != NULL && forced[0] != '\0' ? forced : NULL;
}

int np_cache_candidates(void) {
  return forced_path() != NULL ? 1 : PLACE_COUNT;
}

static int too_long(struct np_finding *f) {
  (void)np_finding_failed(f, "open", ENAMETOOLONG);
  (void)np_candidate_elsewhere(f);
  return -1;
}

static int get_forced(struct np_candidate *c, const char *value, struct np_finding *f) {
  char cwd[PATH_MAX] = "";
  snprintf(f->origin, sizeof f->origin, FORCED);
  snprintf(f->subject, sizeof f->subject, "%s", value);
  c->own_parents = 32;
  c->forced = true;
  if (value[0] != '/' && getcwd(cwd, sizeof cwd) == NULL) {
    (void)np_finding_failed(f, "getcwd", errno);
    (void)np_finding_cause(f, "a relative path, and the working directory is gone");
    (void)np_finding_remedy(f, "cd /");
    return -1;
  }
  int length = snprintf(c->path, sizeof c->path, "%s%s%s", cwd, cwd[0] != '\0' ? "/" : "", value);
  if (length < 0 || (size_t)length >= sizeof c->path) return too_long(f);
  return 0;
}

static int get_from_variable(struct np_candidate *c, int number, struct np_finding *f) {
  const char *variable = places[number].variable, *value = getenv(variable);
  char setting[64];
  snprintf(f->origin, sizeof f->origin, "%s", variable);
  snprintf(setting, sizeof setting, "%s=/some/dir", variable);
  if (value == NULL || value[0] == '\0') {
    snprintf(f->subject, sizeof f->subject, "$%s%s", variable, places[number].below);
    (void)np_finding_cause(f, "%s is %s", variable, value == NULL ? "not set" : "empty");
    return -1;
  }
  int length = snprintf(c->path, sizeof c->path, "%s%s", value, places[number].below);
  snprintf(f->subject, sizeof f->subject, "%s", c->path);
  // The XDG base directory specification: all paths must be absolute, and a relative one is to be ignored.
  if (value[0] != '/') {
    (void)np_finding_cause(f, "%s is a relative path and therefore ignored", variable);
    (void)np_finding_again(f, setting);
    return -1;
  }
  return length > 0 && (size_t)length < sizeof c->path ? 0 : too_long(f);
}

static int get_fixed(struct np_candidate *c, const char *path) {
  size_t length = strlen(path);
  if (path[length - 1] == '-') snprintf(c->path, sizeof c->path, "%s%lu", path, (unsigned long)geteuid());
  else if (geteuid() == 0) snprintf(c->path, sizeof c->path, "%s", path);
  else return 1;
  return 0;
}

int np_candidate_get(struct np_candidate *c, int number, struct np_finding *f) {
  memset(f, 0, sizeof *f);
  memset(c, 0, sizeof *c);
  const char *forced = forced_path();
  int result;
  if (number < 0 || number >= np_cache_candidates()) return 1;
  c->own_parents = places[number].own_parents;
  if (forced != NULL) result = get_forced(c, forced, f);
  else if (places[number].variable != NULL) result = get_from_variable(c, number, f);
  else result = get_fixed(c, places[number].below);
  if (result != 0) return result;
  for (size_t end = strlen(c->path); end > 1 && c->path[end - 1] == '/'; end--) c->path[end - 1] = '\0';
  snprintf(f->subject, sizeof f->subject, "%s", c->path);
  return 0;
}

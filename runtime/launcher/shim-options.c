// The command line of the exec shim.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

static bool parse_number(const char *text, int base, long least, long most, long *value) {
  char *end;
  *value = strtol(text, &end, base);
  return text[0] != '\0' && *end == '\0' && *value >= least && *value <= most;
}

static int find_resource(const char *name, size_t length) {
  static const struct {
    const char *name;
    int resource;
  } known[] = {
    { "as", RLIMIT_AS },           { "core", RLIMIT_CORE },       { "cpu", RLIMIT_CPU },         { "data", RLIMIT_DATA },
    { "fsize", RLIMIT_FSIZE },     { "locks", RLIMIT_LOCKS },     { "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE },
    { "nice", RLIMIT_NICE },       { "nofile", RLIMIT_NOFILE },   { "nproc", RLIMIT_NPROC },     { "rss", RLIMIT_RSS },
    { "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },   { "sigpending", RLIMIT_SIGPENDING },
    { "stack", RLIMIT_STACK },
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen(known[i].name) == length && memcmp(known[i].name, name, length) == 0) return known[i].resource;
  return -1;
}

static bool parse_limit(const char *text, char end, rlim_t *value, const char **rest) {
  char *after;
  size_t word = strlen("unlimited");
  if (strncmp(text, "unlimited", word) == 0) {
    *value = RLIM_INFINITY;
    after = (char *)(uintptr_t)text + word;
  } else {
    *value = strtoull(text, &after, 10);
    if (after == text || text[0] == '-') return false;
  }
  *rest = after + 1;
  return *after == end;
}

// NAME=SOFT:HARD or NAME=BOTH
static bool parse_rlimit(struct np_shim *shim, const char *text) {
  const char *equals = strchr(text, '='), *rest;
  if (equals == NULL || shim->rlimit_count == NP_SHIM_RLIMITS) return false;
  int resource = find_resource(text, (size_t)(equals - text));
  struct rlimit limit;
  if (resource < 0) return false;
  if (parse_limit(equals + 1, '\0', &limit.rlim_cur, &rest)) limit.rlim_max = limit.rlim_cur;
  else if (!parse_limit(equals + 1, ':', &limit.rlim_cur, &rest) || !parse_limit(rest, '\0', &limit.rlim_max, &rest)) return false;
  shim->rlimits[shim->rlimit_count].resource = resource;
  shim->rlimits[shim->rlimit_count++].limit = limit;
  return true;
}

static bool parse_groups(struct np_shim *shim, const char *text) {
  shim->group_count = 0;
  while (*text != '\0') {
    char *end;
    unsigned long group = strtoul(text, &end, 10);
    if (end == text || text[0] == '-' || group >= (gid_t)-1 || shim->group_count == NP_SHIM_GROUPS) return false;
    shim->groups[shim->group_count++] = (gid_t)group;
    if (*end != '\0' && *end != ',') return false;
    text = *end == ',' ? end + 1 : end;
  }
  return true;
}

static bool parse_option(struct np_shim *shim, const char *name, const char *value) {
  long number;
  if (strcmp(name, "--fifo-dir") == 0) return (shim->fifo_dir = value)[0] == '/';
  if (strcmp(name, "--cwd") == 0) return (shim->cwd = value)[0] != '\0';
  if (strcmp(name, "--rlimit") == 0) return parse_rlimit(shim, value);
  if (strcmp(name, "--groups") == 0) return parse_groups(shim, value);
  if (strcmp(name, "--umask") == 0) return parse_number(value, 8, 0, 0777, &shim->umask);
  if (strcmp(name, "--nice") == 0) return parse_number(value, 10, -20, 19, &shim->nice);
  if (strcmp(name, "--oom-score-adj") == 0) return parse_number(value, 10, -1000, 1000, &shim->oom_score_adj);
  if (strcmp(name, "--uid") == 0) return parse_number(value, 10, 0, 0xfffffffeL, &shim->uid);
  if (strcmp(name, "--gid") == 0) return parse_number(value, 10, 0, 0xfffffffeL, &shim->gid);
  bool ok = false;
  if (strcmp(name, "--status-fd") == 0 && (ok = parse_number(value, 10, 3, 1 << 20, &number))) shim->status_fd = (int)number;
  else if (strcmp(name, "--ppid") == 0 && (ok = parse_number(value, 10, 0, 1 << 30, &number))) shim->parent = (pid_t)number;
  else if (strcmp(name, "--pdeathsig") == 0 && (ok = parse_number(value, 10, 0, 64, &number))) shim->pdeathsig = (int)number;
  return ok;
}

const char *np_shim_parse(struct np_shim *shim, char **argv) {
  char **at = argv + 2;
  memset(shim, 0, sizeof *shim);
  shim->status_fd = -1;
  shim->parent = -1;
  shim->pdeathsig = 15;
  shim->group_count = -1;
  shim->umask = shim->nice = shim->oom_score_adj = shim->uid = shim->gid = NP_SHIM_UNSET;
  for (; at[0] != NULL && strcmp(at[0], "--") != 0; at += 2)
    if (at[1] == NULL || !parse_option(shim, at[0], at[1])) return at[0];
  if (shim->status_fd < 0) return "--status-fd";
  if (shim->parent < 0) return "--ppid";
  if (at[0] == NULL || at[1] == NULL || at[2] == NULL) return "--";
  shim->command = at + 1;
  return NULL;
}

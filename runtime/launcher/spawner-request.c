#include "spawner-request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

static const struct {
  const char *name;
  int resource;
} resources[] = {
  { "as", RLIMIT_AS },           { "core", RLIMIT_CORE },       { "cpu", RLIMIT_CPU },         { "data", RLIMIT_DATA },
  { "fsize", RLIMIT_FSIZE },     { "locks", RLIMIT_LOCKS },     { "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE },
  { "nice", RLIMIT_NICE },       { "nofile", RLIMIT_NOFILE },   { "nproc", RLIMIT_NPROC },     { "rss", RLIMIT_RSS },
  { "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },   { "sigpending", RLIMIT_SIGPENDING },
  { "stack", RLIMIT_STACK },
};

// False when it is none that we know.
static bool name_resource(struct np_rlimit *rlimit, const char *name, size_t length) {
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
    if (strlen(resources[i].name) != length || memcmp(resources[i].name, name, length) != 0) continue;
    rlimit->name = resources[i].name;
    rlimit->resource = resources[i].resource;
    return true;
  }
  return false;
}

static bool parse_limit(const char *text, char end, rlim_t *value, const char **rest) {
  char *after;
  size_t word = strlen("unlimited");
  if (strncmp(text, "unlimited", word) == 0) {
    *value = RLIM_INFINITY;
    after = (char *)(uintptr_t)text + word;
  } else {
    if (*text < '0' || *text > '9') return false;
    *value = strtoull(text, &after, 10);
  }
  *rest = after + 1;
  return *after == end;
}

// NAME=SOFT:HARD or NAME=BOTH
static bool parse_rlimit(struct np_spawn *spawn, const char *text) {
  const char *equals = strchr(text, '='), *rest;
  if (equals == NULL || spawn->rlimit_count == NP_SPAWN_RLIMITS) return false;
  struct np_rlimit *rlimit = &spawn->rlimits[spawn->rlimit_count];
  struct rlimit *limit = &rlimit->limit;
  if (!name_resource(rlimit, text, (size_t)(equals - text))) return false;
  if (parse_limit(equals + 1, '\0', &limit->rlim_cur, &rest)) limit->rlim_max = limit->rlim_cur;
  else if (!parse_limit(equals + 1, ':', &limit->rlim_cur, &rest) || !parse_limit(rest, '\0', &limit->rlim_max, &rest)) return false;
  spawn->rlimit_count++;
  return true;
}

static bool parse_groups(struct np_spawn *spawn, const char *text) {
  spawn->group_count = 0;
  while (*text != '\0') {
    char *end;
    if (*text < '0' || *text > '9' || spawn->group_count == NP_SPAWN_GROUPS) return false;
    unsigned long group = strtoul(text, &end, 10);
    if (group >= (gid_t)-1 || (*end != '\0' && *end != ',')) return false;
    spawn->groups[spawn->group_count++] = (gid_t)group;
    text = *end == ',' ? end + 1 : end;
  }
  return true;
}

static bool parse_output(enum np_stdio *stdio, const char *value) {
  if (strcmp(value, "fifo") == 0) *stdio = NP_STDIO_FIFO;
  else if (strcmp(value, "inherit") == 0) *stdio = NP_STDIO_INHERIT;
  else if (strcmp(value, "null") == 0) *stdio = NP_STDIO_NULL;
  else return false;
  return true;
}

static bool parse_input(struct np_spawn *spawn, const char *value) {
  if (strncmp(value, "socket:", 7) != 0) return parse_output(&spawn->stdio[0], value) && spawn->stdio[0] != NP_STDIO_FIFO;
  spawn->stdio[0] = NP_STDIO_SOCKET;
  spawn->stdin_socket = value + 7;
  return true;
}

static bool add_socket(struct np_spawn *spawn, const char *name) {
  if (spawn->socket_count == NP_SPAWN_SOCKETS) return false;
  spawn->sockets[spawn->socket_count++] = name;
  return true;
}

static bool parse_ready_fd(struct np_spawn *spawn, const char *value) {
  long number;
  if (!np_parse_number(value, 10, 3, 1023, &number)) return false;
  spawn->ready_fd = (int)number;
  return true;
}

static bool parse_background(struct np_spawn *spawn, const char *value) {
  return spawn->ends_group = strcmp(value, "ends") == 0;
}

static bool parse_option(struct np_spawn *spawn, const char *key, const char *value) {
  if (strcmp(key, "program") == 0) return (spawn->program = value)[0] != '\0';
  if (strcmp(key, "cwd") == 0) return (spawn->cwd = value)[0] != '\0';
  if (strcmp(key, "fifo-dir") == 0) return (spawn->fifo_dir = value)[0] == '/';
  if (strcmp(key, "notify") == 0) return (spawn->notify = value)[0] == '/' || value[0] == '@';
  if (strcmp(key, "stdin") == 0) return parse_input(spawn, value);
  if (strcmp(key, "stdout") == 0) return parse_output(&spawn->stdio[1], value);
  if (strcmp(key, "stderr") == 0) return parse_output(&spawn->stdio[2], value);
  if (strcmp(key, "socket") == 0) return add_socket(spawn, value);
  if (strcmp(key, "ready-fd") == 0) return parse_ready_fd(spawn, value);
  if (strcmp(key, "background") == 0) return parse_background(spawn, value);
  if (strcmp(key, "rlimit") == 0) return parse_rlimit(spawn, value);
  if (strcmp(key, "groups") == 0) return parse_groups(spawn, value);
  if (strcmp(key, "umask") == 0) return np_parse_number(value, 8, 0, 0777, &spawn->umask);
  if (strcmp(key, "nice") == 0) return np_parse_number(value, 10, -20, 19, &spawn->nice);
  if (strcmp(key, "oom-score-adj") == 0) return np_parse_number(value, 10, -1000, 1000, &spawn->oom_score_adj);
  if (strcmp(key, "uid") == 0) return np_parse_number(value, 10, 0, 0xfffffffeL, &spawn->uid);
  if (strcmp(key, "gid") == 0) return np_parse_number(value, 10, 0, 0xfffffffeL, &spawn->gid);
  return false;
}

// LISTEN_* and the like are about the process that they were set for, which is not this one.
static bool is_own_variable(const char *variable) {
  static const char *const names[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (np_field_value(variable, names[i]) != NULL) return true;
  return false;
}

static bool is_dropped(const struct np_spawn *spawn, const char *variable) {
  return is_own_variable(variable) || (spawn->notify == NULL && np_field_value(variable, "WATCHDOG_USEC") != NULL);
}

static size_t copy_values(char **to, const struct np_request *request, const char *key) {
  size_t count = 0;
  for (size_t i = 0; i < request->count; i++) {
    const char *value = np_field_value(request->fields[i], key);
    if (value != NULL) to[count++] = (char *)(uintptr_t)value;
  }
  to[count] = NULL;
  return count;
}

static void drop_variables(struct np_spawn *spawn) {
  size_t kept = 0;
  for (size_t i = 0; i < spawn->environment_count; i++)
    if (!is_dropped(spawn, spawn->environment[i])) spawn->environment[kept++] = spawn->environment[i];
  spawn->environment_count = kept;
  spawn->environment[kept] = NULL;
}

// What depends on more than one key.
static const char *check(const struct np_spawn *spawn) {
  bool fifos = spawn->stdio[1] == NP_STDIO_FIFO || spawn->stdio[2] == NP_STDIO_FIFO;
  if (fifos && spawn->fifo_dir == NULL) return "fifo-dir";
  if (spawn->ready_fd >= 0 && spawn->ready_fd < 3 + (int)spawn->socket_count) return "ready-fd";
  return spawn->arguments[0] == NULL ? "arg" : NULL;
}

const char *np_spawn_parse(struct np_spawn *spawn, const struct np_request *request) {
  memset(spawn, 0, sizeof *spawn);
  spawn->ready_fd = spawn->group_count = -1;
  spawn->umask = spawn->nice = spawn->oom_score_adj = spawn->uid = spawn->gid = NP_SPAWN_UNSET;
  spawn->arguments = calloc(request->count + 1, sizeof *spawn->arguments);
  spawn->environment = calloc(request->count + 1 + NP_SPAWN_OWN_VARIABLES, sizeof *spawn->environment);
  if (spawn->arguments == NULL || spawn->environment == NULL) return "memory";
  for (size_t i = 0; i < request->count; i++) {
    const char *field = request->fields[i], *equals = strchr(field, '=');
    char key[16] = "";
    if (np_field_value(field, "arg") != NULL || np_field_value(field, "env") != NULL) continue;
    if (equals - field < (int)sizeof key) memcpy(key, field, (size_t)(equals - field));
    if (!parse_option(spawn, key, equals + 1)) return field;
  }
  copy_values(spawn->arguments, request, "arg");
  spawn->environment_count = copy_values(spawn->environment, request, "env");
  drop_variables(spawn);
  if (spawn->program == NULL) spawn->program = spawn->arguments[0];
  return check(spawn);
}

void np_spawn_free(struct np_spawn *spawn) {
  free(spawn->arguments);
  free(spawn->environment);
}

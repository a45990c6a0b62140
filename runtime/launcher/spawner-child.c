// Everything that can fail or take long for a child happens here, where nobody waits for it.
#include "spawner-child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "signals.h"
#include "spawner-missing.h"

extern char **environ;

_Noreturn static void fail_at(const struct np_child_setup *setup, const char *stage, const char *what) {
  struct np_child_failure failure = { .reason = errno };
  snprintf(failure.stage, sizeof failure.stage, "%s", stage);
  snprintf(failure.what, sizeof failure.what, "%s", what);
  np_write_all(setup->status, &failure, sizeof failure);
  _exit(failure.reason == ENOENT ? 127 : 126);
}

// It is ENOENT, too, when what is to run the program is not there.
_Noreturn static void fail_to_execute(const struct np_child_setup *setup) {
  const int reason = errno;
  char path[sizeof ((struct np_child_failure *)0)->what] = "";
  const char *part = reason == ENOENT ? np_find_missing(setup->spawn->program, path, sizeof path) : NULL;
  errno = reason;
  fail_at(setup, part != NULL ? part : "exec", path);
}

static void require(const struct np_child_setup *setup, bool ok, const char *stage) {
  if (!ok) fail_at(setup, stage, "");
}

// The kernel forgets the signal when credentials change, so this is done again afterwards.
static bool bind_to_parent(const struct np_child_setup *setup) {
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return false;
  if (getppid() == setup->spawner) return true;
  errno = ESRCH;
  return false;
}

// All of them are first moved out of the way: a number that one gets may be the one where another still is.
static bool place_descriptors(struct np_child_setup *setup) {
  const struct np_spawn *spawn = setup->spawn;
  int sources[3 + NP_SPAWN_SOCKETS + 1], targets[3 + NP_SPAWN_SOCKETS + 1], keep[NP_SPAWN_SOCKETS + 2];
  unsigned count = 0, kept = 0;
  int base = 3 + (int)spawn->socket_count;
  for (int i = 0; i < 3; i++, count++) {
    sources[count] = setup->stdio[i];
    targets[count] = i;
  }
  for (unsigned i = 0; i < spawn->socket_count; i++, count++) {
    sources[count] = setup->sockets[i];
    targets[count] = keep[kept++] = 3 + (int)i;
  }
  if (setup->ready >= 0) {
    if (spawn->ready_fd >= base) base = spawn->ready_fd + 1;
    sources[count] = setup->ready;
    targets[count++] = keep[kept++] = spawn->ready_fd;
  }
  int status = fcntl(setup->status, F_DUPFD_CLOEXEC, base);
  if (status < 0) return false;
  setup->status = keep[kept++] = status;
  for (unsigned i = 0; i < count; i++) if ((sources[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, base)) < 0) return false;
  for (unsigned i = 0; i < count; i++) if (dup2(sources[i], targets[i]) < 0) return false;
  // First, since on old kernels closing tries every number up to the limit.
  if (setrlimit(RLIMIT_NOFILE, &setup->nofile) != 0) return false;
  np_close_others(keep, kept);
  return true;
}

static void set_rlimits(const struct np_child_setup *setup) {
  const struct np_spawn *spawn = setup->spawn;
  for (unsigned i = 0; i < spawn->rlimit_count; i++) {
    const struct np_rlimit *rlimit = &spawn->rlimits[i];
    if (setrlimit(rlimit->resource, &rlimit->limit) != 0) fail_at(setup, "rlimit", rlimit->name);
  }
}

static bool set_oom_score(long score) {
  char text[24];
  int length = snprintf(text, sizeof text, "%ld", score);
  cleanup_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  return fd >= 0 && np_write_all(fd, text, (size_t)length) == 0;
}

// Whoever is nobody but the wanted user already could not ask the kernel for it.
static bool is_already(const struct np_spawn *spawn) {
  if (geteuid() == 0 || (spawn->gid != NP_SPAWN_UNSET && (gid_t)spawn->gid != getegid())) return false;
  return spawn->uid != NP_SPAWN_UNSET && (uid_t)spawn->uid == geteuid() && getuid() == geteuid();
}

// In the order in which each still may be changed.
static void drop_privileges(const struct np_child_setup *setup) {
  const struct np_spawn *spawn = setup->spawn;
  if (is_already(spawn)) return;
  require(setup, spawn->group_count < 0 || setgroups((size_t)spawn->group_count, spawn->groups) == 0, "groups");
  require(setup, spawn->gid == NP_SPAWN_UNSET || setgid((gid_t)spawn->gid) == 0, "gid");
  require(setup, spawn->uid == NP_SPAWN_UNSET || setuid((uid_t)spawn->uid) == 0, "uid");
}

static void set_limits(const struct np_child_setup *setup) {
  const struct np_spawn *spawn = setup->spawn;
  if (spawn->umask != NP_SPAWN_UNSET) umask((mode_t)spawn->umask);
  set_rlimits(setup);
  require(setup, spawn->nice == NP_SPAWN_UNSET || setpriority(PRIO_PROCESS, 0, (int)spawn->nice) == 0, "nice");
  require(setup, spawn->oom_score_adj == NP_SPAWN_UNSET || set_oom_score(spawn->oom_score_adj), "oom");
}

static bool add_variable(struct np_spawn *spawn, const char *name, const char *value) {
  size_t size = strlen(name) + strlen(value) + 2;
  char *variable = malloc(size);
  if (variable == NULL) return false;
  snprintf(variable, size, "%s=%s", name, value);
  spawn->environment[spawn->environment_count++] = variable;
  return true;
}

static bool add_number(struct np_spawn *spawn, const char *name, int number) {
  char text[16];
  snprintf(text, sizeof text, "%d", number);
  return add_variable(spawn, name, text);
}

static bool add_socket_names(struct np_spawn *spawn) {
  size_t size = 1;
  for (unsigned i = 0; i < spawn->socket_count; i++) size += strlen(spawn->sockets[i]) + 1;
  cleanup_free char *names = malloc(size);
  if (names == NULL) return false;
  char *at = names;
  for (unsigned i = 0; i < spawn->socket_count; i++) at += snprintf(at, size - (size_t)(at - names), "%s%s", i > 0 ? ":" : "", spawn->sockets[i]);
  return add_variable(spawn, "LISTEN_FDNAMES", names);
}

static bool has_variable(const struct np_spawn *spawn, const char *name) {
  for (size_t i = 0; i < spawn->environment_count; i++) if (np_field_value(spawn->environment[i], name) != NULL) return true;
  return false;
}

// What names this very process can be known to nobody before it is there.
static bool complete_environment(struct np_spawn *spawn) {
  bool ok = true;
  if (has_variable(spawn, "WATCHDOG_USEC")) ok = add_number(spawn, "WATCHDOG_PID", getpid());
  if (spawn->notify != NULL) ok = add_variable(spawn, "NOTIFY_SOCKET", spawn->notify) && ok;
  if (spawn->socket_count > 0)
    ok = add_number(spawn, "LISTEN_PID", getpid()) && add_number(spawn, "LISTEN_FDS", (int)spawn->socket_count) && add_socket_names(spawn) && ok;
  spawn->environment[spawn->environment_count] = NULL;
  return ok;
}

_Noreturn void np_child_run(struct np_child_setup *setup) {
  struct np_spawn *spawn = setup->spawn;
  require(setup, setsid() >= 0, "setsid");
  require(setup, bind_to_parent(setup), "ppid");
  require(setup, place_descriptors(setup), "fds");
  np_signals_reset();
  require(setup, spawn->cwd == NULL || chdir(spawn->cwd) == 0, "cwd");
  set_limits(setup);
  drop_privileges(setup);
  require(setup, bind_to_parent(setup), "ppid");
  require(setup, complete_environment(spawn), "env");
  environ = spawn->environment;
  execvp(spawn->program, spawn->arguments);
  fail_to_execute(setup);
}

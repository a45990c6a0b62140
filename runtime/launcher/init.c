#include "init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descendants.h"
#include "fd.h"
#include "lease.h"
#include "signals.h"

// Sent by the kernel when the parent dies; nobody else sends it, and the parent is looked at anyway.
#define PARENT_DIED SIGPWR

// Tests have less patience.
#ifndef NP_REFRESH_S
#define NP_REFRESH_S NP_DAY_S
#endif

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH };
#define FORWARDED_COUNT (sizeof forwarded / sizeof *forwarded)

static void wanted_signals(sigset_t *set) {
  sigemptyset(set);
  for (size_t i = 0; i < FORWARDED_COUNT; i++) sigaddset(set, forwarded[i]);
  sigaddset(set, SIGCHLD);
  sigaddset(set, PARENT_DIED);
}

// nohup: a blocked signal stays pending even when ignored, so it has to be ignored again here.
static bool is_ignored(int number) {
  struct sigaction action;
  return number == SIGHUP && sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static bool is_listed(int number) {
  for (size_t i = 0; i < FORWARDED_COUNT; i++) if (forwarded[i] == number) return true;
  return false;
}

static bool is_forwarded(int number) {
  return is_listed(number) && !is_ignored(number);
}

static bool reap(pid_t child, int *status) {
  bool ended = false;
  int one;
  for (pid_t pid; (pid = waitpid(-1, &one, WNOHANG)) > 0;) {
    if (pid != child) continue;
    *status = one;
    ended = true;
  }
  return ended;
}

static int64_t now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

static const struct {
  int number;
  const char *name;
} deaths[] = {
  { SIGKILL, "SIGKILL (unless somebody has sent it, the kernel ran out of memory and says so in its log)" },
  { SIGABRT, "SIGABRT" }, { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGILL, "SIGILL" }, { SIGTRAP, "SIGTRAP" }, { SIGSYS, "SIGSYS" },
};

// Nobody else is left to say it. A signal that is passed on is one by which they may be told to end. Who does not read us does not
// keep us.
static void tell_death(const char *who, int number) {
  struct pollfd out = { .fd = 2, .events = POLLOUT };
  char text[24];
  const char *name = text;
  if (is_listed(number) || poll(&out, 1, 0) <= 0) return;
  snprintf(text, sizeof text, "signal %d", number);
  for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) if (deaths[i].number == number) name = deaths[i].name;
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTTOU, SIG_IGN);
  np_warn("%s was killed by %s: everything it had started was ended, the exit status is %d", who, name, 128 + number);
}

// Until the child has ended, or the parent; `parent` is 0 for init, whose parent is none of its business.
static int guard(pid_t child, pid_t parent, const struct np_command *command) {
  sigset_t set;
  bool ended = false;
  int status = SIGKILL;
  int64_t refreshed = now_s();
  const struct timespec patience = { .tv_sec = NP_REFRESH_S };
  wanted_signals(&set);
  for (;;) {
    if ((ended = reap(child, &status))) break;
    if (parent != 0 && getppid() != parent) break;
    int number = parent == 0 ? sigtimedwait(&set, NULL, &patience) : sigwaitinfo(&set, NULL);
    if (parent == 0 && now_s() - refreshed >= NP_REFRESH_S) {
      np_lease_refresh(command->lease, command->directory);
      refreshed = now_s();
    }
    if (number > 0 && is_forwarded(number)) kill(child, number);
  }
  np_descendants_end();
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  if (ended) tell_death(parent == 0 ? "the warden" : "the supervisor", WTERMSIG(status));
  return 128 + WTERMSIG(status);
}

static void start_supervisor(const struct np_command *command, pid_t warden) {
  struct np_error error;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  // The warden died before the line above: nobody would tell.
  if (getppid() != warden) _exit(125);
  bool keep_ignoring = is_ignored(SIGHUP);
  np_signals_reset();
  if (keep_ignoring) signal(SIGHUP, SIG_IGN);
  execve(command->program, command->arguments, command->environment);
  np_fail(&error, NP_STORE_UNAVAILABLE, "cannot run the supervisor \"%s\": %s", command->program, strerror(errno));
  _exit(np_report(&error));
}

static int run_warden(const struct np_command *command, pid_t init) {
  setsid();
  prctl(PR_SET_PDEATHSIG, PARENT_DIED);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, NP_WARDEN_NAME);
  if (getppid() != init) return 125;
  pid_t self = getpid(), child = fork();
  if (child == 0) start_supervisor(command, self);
  if (child < 0) {
    struct np_error error;
    np_fail(&error, NP_STORE_UNAVAILABLE, "cannot start the supervisor: fork: %s", strerror(errno));
    return np_report(&error);
  }
  np_close_others(NULL, 0);
  return guard(child, init, command);
}

int np_init_run(const struct np_command *command, struct np_error *error) {
  sigset_t set;
  signal(SIGCHLD, SIG_DFL);
  wanted_signals(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t self = getpid(), child = fork();
  if (child < 0) return np_fail(error, NP_STORE_UNAVAILABLE, "cannot start the warden: fork: %s", strerror(errno));
  if (child == 0) _exit(run_warden(command, self));
  int keep[] = { command->lease, command->directory };
  np_close_others(keep, sizeof keep / sizeof *keep);
  return guard(child, 0, command);
}

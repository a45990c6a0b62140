#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "fd.h"
#include "signals.h"

#define PIPE_SIZE (1 << 20)

static int failed(const struct np_shim *shim, const char *stage) {
  char line[300];
  int reason = errno;
  int length = snprintf(line, sizeof line, "E %d %s %s\n", reason, stage, strerror(reason));
  if (length > 0) np_write_all(shim->status_fd, line, (size_t)length);
  return reason == ENOENT ? 127 : 126;
}

// The kernel forgets the signal when credentials change, so this is done again afterwards.
static int bind_to_parent(const struct np_shim *shim) {
  if (prctl(PR_SET_PDEATHSIG, (unsigned long)shim->pdeathsig) != 0) return -1;
  if (getppid() == shim->parent) return 0;
  errno = ESRCH;
  return -1;
}

// Both ends at first: opening the write end alone would wait for a reader, and fail without one when it must not wait.
static int open_fifo(const struct np_shim *shim, const char *name, int target, int *holder) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", shim->fifo_dir, name) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (mkfifo(path, 0600) != 0) return -1;
  *holder = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (*holder < 0) return -1;
  (void)fcntl(*holder, F_SETPIPE_SZ, PIPE_SIZE);
  cleanup_fd int writer = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  return writer < 0 || dup2(writer, target) < 0 ? -1 : 0;
}

static int connect_output(const struct np_shim *shim) {
  cleanup_fd int out = -1;
  cleanup_fd int err = -1;
  char go = 0;
  if (open_fifo(shim, "out", 1, &out) != 0 || open_fifo(shim, "err", 2, &err) != 0) return -1;
  if (np_write_all(shim->status_fd, "F\n", 2) != 0) return -1;
  if (np_read_all(shim->status_fd, &go, 1) == 1 && go == 'G') return 0;
  errno = EPROTO;
  return -1;
}

static int set_oom_score(long score) {
  char text[24];
  int length = snprintf(text, sizeof text, "%ld", score);
  cleanup_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  return fd < 0 ? -1 : np_write_all(fd, text, (size_t)length);
}

static int set_rlimits(const struct np_shim *shim) {
  for (unsigned i = 0; i < shim->rlimit_count; i++)
    if (setrlimit(shim->rlimits[i].resource, &shim->rlimits[i].limit) != 0) return -1;
  return 0;
}

static int set_nice(long nice_value) {
  return setpriority(PRIO_PROCESS, 0, (int)nice_value);
}

// The stage that failed, or NULL. Privileges are dropped last, in the order in which each still may be.
static const char *prepare(const struct np_shim *shim) {
  if (shim->cwd != NULL && chdir(shim->cwd) != 0) return "cwd";
  if (shim->umask != NP_SHIM_UNSET) umask((mode_t)shim->umask);
  if (set_rlimits(shim) != 0) return "rlimit";
  if (shim->nice != NP_SHIM_UNSET && set_nice(shim->nice) != 0) return "nice";
  if (shim->oom_score_adj != NP_SHIM_UNSET && set_oom_score(shim->oom_score_adj) != 0) return "oom";
  if (shim->group_count >= 0 && setgroups((size_t)shim->group_count, shim->groups) != 0) return "groups";
  if (shim->gid != NP_SHIM_UNSET && setgid((gid_t)shim->gid) != 0) return "gid";
  if (shim->uid != NP_SHIM_UNSET && setuid((uid_t)shim->uid) != 0) return "uid";
  return bind_to_parent(shim) == 0 ? NULL : "ppid";
}

static int usage(const char *what) {
  struct np_error error;
  np_fail(&error, NP_USAGE, "cannot use the exec shim: bad or missing \"%s\"", what);
  np_hint(&error, "the shim is started by the supervisor, not by hand");
  return np_report(&error);
}

int np_shim_main(char **argv) {
  struct np_shim shim;
  const char *problem = np_shim_parse(&shim, argv);
  if (problem != NULL) return usage(problem);
  // Already a session leader only where somebody else called setsid for us.
  if (setsid() < 0 && getsid(0) != getpid()) return failed(&shim, "setsid");
  if (bind_to_parent(&shim) != 0) return failed(&shim, "ppid");
  np_signals_reset();
  if (shim.fifo_dir != NULL && connect_output(&shim) != 0) return failed(&shim, "fifo");
  const char *stage = prepare(&shim);
  if (stage != NULL) return failed(&shim, stage);
  int keep[] = { shim.status_fd };
  np_close_others(keep, 1);
  if (fcntl(shim.status_fd, F_SETFD, FD_CLOEXEC) != 0) return failed(&shim, "exec");
  execvp(shim.command[0], shim.command + 1);
  return failed(&shim, "exec");
}

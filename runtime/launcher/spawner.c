#include "spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "error.h"
#include "fd.h"
#include "number.h"
#include "spawner-guardians.h"
#include "spawner-lock.h"
#include "spawner-notify.h"
#include "spawner-sockets.h"
#include "spawner-spawn.h"
#include "spawner-successor.h"
#include "spawner-tell.h"

int np_source_add(struct np_spawner *spawner, struct np_source *source, int fd, uint32_t events) {
  struct epoll_event event = { .events = events, .data = { .ptr = source } };
  source->fd = fd;
  return epoll_ctl(spawner->poll, EPOLL_CTL_ADD, fd, &event);
}

int np_source_leave(struct np_spawner *spawner, struct np_source *source) {
  int fd = source->fd;
  (void)epoll_ctl(spawner->poll, EPOLL_CTL_DEL, fd, NULL);
  source->fd = -1;
  return fd;
}

void np_source_close(struct np_spawner *spawner, struct np_source *source) {
  if (source->fd >= 0) close(np_source_leave(spawner, source));
}

void np_spawner_error(struct np_spawner *spawner, const char *id, const char *format, ...) {
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  np_event_begin(&spawner->out, "error", id);
  np_event_put(&spawner->out, "text", text);
  np_event_end(&spawner->out);
}

static const struct {
  const char *verb;
  void (*carry_out)(struct np_spawner *, const struct np_request *);
} verbs[] = {
  { "spawn", np_child_spawn },          { "opened", np_child_opened },    { "signal", np_child_signal }, { "release", np_child_release },
  { "follow", np_successor_name },      { "unfollow", np_successors_take_back },
  { "listen", np_socket_listen },
  { "unlisten", np_socket_unlisten },   { "watch", np_socket_watch },     { "unwatch", np_socket_unwatch }, { "lock", np_lock_take },
  { "peer", np_lock_peer },
  { "tell", np_tell },
};

static void carry_out(struct np_spawner *spawner, const struct np_request *request) {
  if (request->verb[0] == '\0' || strlen(request->id) >= NP_ID_SIZE) return np_spawner_error(spawner, "", "malformed request");
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(verbs[i].verb, request->verb) == 0) return verbs[i].carry_out(spawner, request);
  np_spawner_error(spawner, request->id, "unknown request");
}

// False when the supervisor is gone, or speaks something else.
static bool read_requests(struct np_spawner *spawner) {
  struct np_request request = { .fields = NULL };
  int found = 1;
  ssize_t size = np_frames_fill(&spawner->in, NP_SPAWNER_FD);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return false;
  while ((found = np_frames_next(&spawner->in, &request)) > 0) carry_out(spawner, &request);
  free(request.fields);
  np_frames_settle(&spawner->in);
  return found == 0;
}

static void read_signals(struct np_spawner *spawner, struct np_source *source) {
  struct signalfd_siginfo info;
  bool is_end = false;
  while (read(source->fd, &info, sizeof info) == sizeof info) is_end = is_end || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT || info.ssi_signo == SIGHUP;
  // Everybody may have got it (the stop of a control group): whoever ends of it does not come back.
  if (is_end) np_successors_drop(spawner);
  np_children_reap(spawner);
}

// One at a time: what it does may close what would be next.
static void run_source(struct np_spawner *spawner) {
  struct epoll_event event;
  if (epoll_wait(spawner->poll, &event, 1, 0) != 1) return;
  struct np_source *source = event.data.ptr;
  source->ready(spawner, source);
}

// With a supervisor that does not read, nothing is done but writing to it.
static void run_loop(struct np_spawner *spawner) {
  while (getppid() == spawner->supervisor) {
    bool congested = np_events_congested(&spawner->out);
    struct pollfd fds[] = {
      { .fd = NP_SPAWNER_FD, .events = (short)((congested ? 0 : POLLIN) | (np_events_waiting(&spawner->out) ? POLLOUT : 0)) },
      { .fd = congested ? -1 : spawner->poll, .events = POLLIN },
    };
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) run_source(spawner);
    if ((fds[0].revents & POLLIN) != 0 && !read_requests(spawner)) return;
    if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 && (fds[0].revents & POLLIN) == 0) return;
    if (np_events_flush(&spawner->out, NP_SPAWNER_FD) != 0) return;
    np_notify_settle(spawner);
  }
}

// Signals of a terminal or a container's end are the supervisor's business; its own end shows in getppid and descriptor 3.
static int watch_signals(struct np_spawner *spawner) {
  static const int wanted[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ };
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) sigaddset(&set, wanted[i]);
  // An inherited ignored SIGCHLD would take every exit status away.
  signal(SIGCHLD, SIG_DFL);
  if (sigprocmask(SIG_SETMASK, &set, NULL) != 0) return -1;
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return -1;
  spawner->signals.ready = read_signals;
  return np_source_add(spawner, &spawner->signals, fd, EPOLLIN);
}

// Node raises its own as far as it can: what the user has set is what the warden still has.
static void raise_limit(struct np_spawner *spawner) {
  struct rlimit given;
  getrlimit(RLIMIT_NOFILE, &spawner->nofile);
  if (spawner->warden > 0 && prlimit(spawner->warden, RLIMIT_NOFILE, NULL, &given) == 0 && given.rlim_cur < spawner->nofile.rlim_cur)
    spawner->nofile.rlim_cur = given.rlim_cur;
  struct rlimit raised = { .rlim_cur = spawner->nofile.rlim_max, .rlim_max = spawner->nofile.rlim_max };
  setrlimit(RLIMIT_NOFILE, &raised);
}

static int set_up(struct np_spawner *spawner) {
  int keep[] = { NP_SPAWNER_FD };
  const char *outer = getenv("NOTIFY_SOCKET");
  if (outer != NULL && (outer[0] == '/' || outer[0] == '@')) spawner->outer = outer;
  spawner->outer_room.fd = -1;
  for (int i = 0; i < NP_BARRIERS; i++) spawner->barriers[i].fd = -1;
  np_close_others(keep, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_NAME, "nixpack-spawner");
  spawner->warden = np_find_guardians(spawner->supervisor).warden;
  raise_limit(spawner);
  spawner->null = open("/dev/null", O_RDWR | O_CLOEXEC);
  spawner->poll = epoll_create1(EPOLL_CLOEXEC);
  if (spawner->null < 0 || spawner->poll < 0 || fcntl(NP_SPAWNER_FD, F_SETFD, FD_CLOEXEC) != 0) return -1;
  return watch_signals(spawner);
}

static int usage(const char *what) {
  struct np_error error;
  np_fail(&error, NP_USAGE, "cannot run the spawner: %s", what);
  np_hint(&error, "it is started by the supervisor, not by hand");
  return np_report(&error);
}

int np_spawner_main(char **argv) {
  static struct np_spawner spawner;
  long supervisor;
  if (argv[2] == NULL || !np_parse_number(argv[2], 10, 0, 1L << 30, &supervisor)) return usage("bad or missing process id");
  spawner.supervisor = (pid_t)supervisor;
  if (set_up(&spawner) != 0) return usage(strerror(errno));
  run_loop(&spawner);
  np_sockets_end(&spawner);
  np_children_end(&spawner);
  return 0;
}

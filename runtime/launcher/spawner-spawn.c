#include "spawner-spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fd.h"
#include "spawner-child.h"
#include "spawner-notify.h"
#include "spawner-sockets.h"

#define LARGE_PIPE (1 << 20)
#define SMALL_PIPE (64 << 10)
#define LARGE_PIPES 8

// What a spawn holds until the child has its own.
struct start {
  struct np_spawn spawn;
  struct np_child_setup setup;
  int status, ready;      // our ends
  int writers[2], input;  // of the child
  const char *stage;
  const char *what;
};

static void fail(struct np_spawner *spawner, const char *id, const struct np_child_failure *failure) {
  np_event_begin(&spawner->out, "failed", id);
  np_event_number(&spawner->out, "errno", failure->reason);
  np_event_put(&spawner->out, "stage", failure->stage);
  if (failure->what[0] != '\0') np_event_put(&spawner->out, "what", failure->what);
  np_event_put(&spawner->out, "text", strerror(failure->reason));
  np_event_end(&spawner->out);
}

static void fail_early(struct np_spawner *spawner, const char *id, const char *stage, const char *what) {
  struct np_child_failure failure = { .reason = errno };
  strncpy(failure.stage, stage, sizeof failure.stage - 1);
  strncpy(failure.what, what, sizeof failure.what - 1);
  fail(spawner, id, &failure);
}

// The kernel marks a process that has never executed anything (PF_FORKNOEXEC), and shows it until it is waited for.
#define NEVER_EXECUTED 0x40

// The pipe ends with an exec, and with a death before it. Where /proc does not tell, or is that of others, it was the exec.
static bool has_executed(pid_t pid) {
  char path[32], text[512];
  int parent;
  unsigned flags;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (np_read_text(AT_FDCWD, path, text, sizeof text) <= 0) return true;
  const char *name_end = strrchr(text, ')');
  if (name_end == NULL || sscanf(name_end, ") %*c %d %*d %*d %*d %*d %u", &parent, &flags) != 2) return true;
  return parent != getpid() || (flags & NEVER_EXECUTED) == 0;
}

// `failed` when the pipe holds a reason, `spawned` when it has ended with the exec; else its end says everything.
static void read_status(struct np_spawner *spawner, struct np_source *source) {
  struct np_child *child = source->owner;
  struct np_child_failure failure;
  ssize_t size = read(source->fd, &failure, sizeof failure);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  np_source_close(spawner, source);
  if (size == sizeof failure) {
    failure.stage[sizeof failure.stage - 1] = failure.what[sizeof failure.what - 1] = '\0';
    child->failed = child->released = true;
    fail(spawner, child->id, &failure);
    return;
  }
  child->executed = has_executed(child->pid);
  if (!child->executed) return;
  np_event_begin(&spawner->out, "spawned", child->id);
  np_event_number(&spawner->out, "pid", child->pid);
  np_event_end(&spawner->out);
}

// Whatever it says, it was executed before; that is told first. Read to its end: whoever writes more than one line is not to die of it.
static void read_ready(struct np_spawner *spawner, struct np_source *source) {
  struct np_child *child = source->owner;
  char text[512];
  if (child->status.fd >= 0) read_status(spawner, &child->status);
  ssize_t size = read(source->fd, text, sizeof text);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return np_source_close(spawner, source);
  if (child->ready_told || memchr(text, '\n', (size_t)size) == NULL) return;
  child->ready_told = true;
  np_event(&spawner->out, "ready-fd", child->id);
}

static void read_notify(struct np_spawner *spawner, struct np_source *source) {
  struct np_child *child = source->owner;
  if (child->status.fd >= 0) read_status(spawner, &child->status);
  np_notify_read(spawner, source->fd, child->id, child->uid, &child->drop_told);
}

void np_child_drain(struct np_spawner *spawner, struct np_child *child) {
  if (child->status.fd >= 0) read_status(spawner, &child->status);
  if (child->ready.fd >= 0) read_ready(spawner, &child->ready);
  if (child->notify.fd >= 0) read_notify(spawner, &child->notify);
}

// Both ends are ours alone; only reading never waits.
static int make_pipe(int *reader, int *writer) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  *reader = ends[0];
  *writer = ends[1];
  return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

static int choose_stdio(const struct np_spawner *spawner, const struct start *start, int fd) {
  switch (start->spawn.stdio[fd]) {
    case NP_STDIO_INHERIT: return fd;
    case NP_STDIO_FIFO: return start->writers[fd - 1];
    case NP_STDIO_SOCKET: return start->input;
    case NP_STDIO_NULL: break;
  }
  return spawner->null;
}

// The kernel gives every user pages for pipes, 64 MiB of them; who has used them up gets tiny pipes from then on, in every
// program. Ours stay within half of that up to a hundred children; root has no limit.
static int choose_pipe_size(const struct np_spawner *spawner) {
  int piped = 0;
  for (const struct np_child *at = spawner->children; at != NULL; at = at->next) piped += at->pid != 0;
  return geteuid() == 0 || piped < LARGE_PIPES ? LARGE_PIPE : SMALL_PIPE;
}

static bool open_sockets(struct np_spawner *spawner, struct start *start) {
  for (unsigned i = 0; i < start->spawn.socket_count; i++) {
    start->what = start->spawn.sockets[i];
    if ((start->setup.sockets[i] = np_socket_for_child(spawner, start->what)) < 0) return false;
  }
  start->what = start->spawn.stdin_socket;
  if (start->what != NULL && (start->input = np_socket_for_child(spawner, start->what)) < 0) return false;
  start->what = "";
  return true;
}

static bool open_all(struct np_spawner *spawner, struct np_child *child, struct start *start) {
  const struct np_spawn *spawn = &start->spawn;
  const bool wanted[] = { spawn->stdio[1] == NP_STDIO_FIFO, spawn->stdio[2] == NP_STDIO_FIFO };
  start->stage = "fifo";
  child->fifos.pipe_size = choose_pipe_size(spawner);
  if ((wanted[0] || wanted[1]) && np_fifos_make(&child->fifos, spawn->fifo_dir, wanted, start->writers) != 0) return false;
  if (spawn->uid != NP_SPAWN_UNSET && geteuid() == 0 && np_fifos_give(&child->fifos, child->uid) != 0) return false;
  start->stage = "socket";
  if (!open_sockets(spawner, start)) return false;
  start->stage = "notify";
  if (spawn->notify != NULL) {
    int fd = np_notify_open(spawn->notify, geteuid() == 0 ? child->uid : (uid_t)-1);
    if (fd < 0) return false;
    child->notify_path = strdup(spawn->notify);
    if (np_source_add(spawner, &child->notify, fd, EPOLLIN) != 0 || child->notify_path == NULL) return false;
  }
  start->stage = "pipe";
  if (spawn->ready_fd >= 0 && make_pipe(&start->ready, &start->setup.ready) != 0) return false;
  return make_pipe(&start->status, &start->setup.status) == 0;
}

// From now on it is the child's, also when this fails.
static bool add(struct np_spawner *spawner, struct np_source *source, int *reader) {
  const int fd = *reader;
  *reader = -1;
  return fd < 0 || np_source_add(spawner, source, fd, EPOLLIN) == 0;
}

static bool start_child(struct np_spawner *spawner, struct np_child *child, struct start *start) {
  struct np_child_setup *setup = &start->setup;
  if (!open_all(spawner, child, start)) return false;
  setup->spawn = &start->spawn;
  setup->spawner = getpid();
  setup->nofile = spawner->nofile;
  for (int i = 0; i < 3; i++) setup->stdio[i] = choose_stdio(spawner, start, i);
  start->stage = "loop";
  if (!add(spawner, &child->status, &start->status) || !add(spawner, &child->ready, &start->ready)) return false;
  start->stage = "fork";
  child->pid = fork();
  if (child->pid == 0) np_child_run(setup);
  if (child->pid > 0) return true;
  child->pid = 0;
  return false;
}

static void close_start(struct start *start) {
  int fds[] = { start->status, start->ready, start->writers[0], start->writers[1], start->input, start->setup.ready, start->setup.status };
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) if (fds[i] >= 0) close(fds[i]);
  for (unsigned i = 0; i < start->spawn.socket_count; i++) if (start->setup.sockets[i] >= 0) close(start->setup.sockets[i]);
}

static struct np_child *create(const char *id) {
  struct np_child *child = calloc(1, sizeof *child);
  if (child == NULL) return NULL;
  strncpy(child->id, id, sizeof child->id - 1);
  child->uid = (uid_t)-1;
  child->fifos = NP_NO_FIFOS;
  child->status = (struct np_source){ .fd = -1, .ready = read_status, .owner = child };
  child->ready = (struct np_source){ .fd = -1, .ready = read_ready, .owner = child };
  child->notify = (struct np_source){ .fd = -1, .ready = read_notify, .owner = child };
  return child;
}

static void spawn_parsed(struct np_spawner *spawner, const char *id, struct start *start) {
  struct np_child *child = create(id);
  if (child == NULL) return fail_early(spawner, id, "memory", "");
  child->next = spawner->children;
  spawner->children = child;
  child->ends_group = start->spawn.ends_group;
  if (start->spawn.uid != NP_SPAWN_UNSET) child->uid = (uid_t)start->spawn.uid;
  bool started = start_child(spawner, child, start);
  if (started) {
    child->opened = child->fifos.dir == NULL;
    child->released = child->notify.fd < 0;
    if (!child->opened) np_event(&spawner->out, "piped", id);
  } else {
    fail_early(spawner, id, start->stage, start->what == NULL ? "" : start->what);
    child->failed = child->opened = child->released = true;
  }
  close_start(start);
  np_child_settle(spawner, child);
}

void np_child_spawn(struct np_spawner *spawner, const struct np_request *request) {
  struct start start = { .status = -1, .ready = -1, .writers = { -1, -1 }, .input = -1, .setup = { .ready = -1, .status = -1 }, .what = "" };
  for (int i = 0; i < NP_SPAWN_SOCKETS; i++) start.setup.sockets[i] = -1;
  const char *problem = np_spawn_parse(&start.spawn, request);
  errno = EINVAL;
  if (problem != NULL) fail_early(spawner, request->id, "request", problem);
  else if (np_child_find(spawner, request->id) != NULL) fail_early(spawner, request->id, "request", "id");
  else spawn_parsed(spawner, request->id, &start);
  np_spawn_free(&start.spawn);
}

// The later life of children: signals, their end, what is left of them.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "number.h"
#include "spawner-close.h"
#include "spawner-sockets.h"
#include "spawner-spawn.h"
#include "spawner-successor.h"

struct np_child *np_child_find(const struct np_spawner *spawner, const char *id) {
  struct np_child *at = spawner->children;
  while (at != NULL && strcmp(at->id, id) != 0) at = at->next;
  return at;
}

// What another user has passed, and nobody has received, is closed with the socket.
static void leave_notify(struct np_spawner *spawner, struct np_child *child) {
  int fd = np_source_leave(spawner, &child->notify);
  if (child->uid == (uid_t)-1 || child->uid == geteuid()) close(fd);
  else np_close_passed(&fd, 1);
}

static void close_notify(struct np_spawner *spawner, struct np_child *child) {
  if (child->notify.fd >= 0) leave_notify(spawner, child);
  if (child->notify_path != NULL && child->notify_path[0] == '/') unlink(child->notify_path);
  free(child->notify_path);
  child->notify_path = NULL;
}

static void forget(struct np_spawner *spawner, struct np_child *child) {
  struct np_child **link = &spawner->children;
  while (*link != child) link = &(*link)->next;
  *link = child->next;
  np_successor_free(child->successor);
  free(child);
}

void np_child_settle(struct np_spawner *spawner, struct np_child *child) {
  if (child->opened) np_fifos_end(&child->fifos);
  if (child->released) close_notify(spawner, child);
  if (child->pid != 0) return;
  np_source_close(spawner, &child->status);
  np_source_close(spawner, &child->ready);
  if (child->opened && child->released) forget(spawner, child);
}

void np_child_release(struct np_spawner *spawner, const struct np_request *request) {
  struct np_child *child = np_child_find(spawner, request->id);
  if (child == NULL) return;
  child->released = true;
  np_child_settle(spawner, child);
}

void np_child_opened(struct np_spawner *spawner, const struct np_request *request) {
  struct np_child *child = np_child_find(spawner, request->id);
  if (child == NULL) return;
  child->opened = true;
  np_child_settle(spawner, child);
}

// Getting the session of a process needs no right over it. A group of its own within the session is what this is for.
static void signal_session(pid_t leader, int number) {
  DIR *proc = opendir("/proc");
  if (proc == NULL) return;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    long pid;
    if (!np_parse_number(entry->d_name, 10, 1, 1L << 30, &pid)) continue;
    if (getsid((pid_t)pid) == leader && getpgid((pid_t)pid) != leader) kill((pid_t)pid, number);
  }
  closedir(proc);
}

// Until it is reaped its number is taken: no stranger can be hit. Before its setsid it has no group.
static void signal_child(const struct np_child *child, const char *scope, int number) {
  bool wide = strcmp(scope, "leader") != 0;
  if (!wide || kill(-child->pid, number) != 0) kill(child->pid, number);
  if (strcmp(scope, "session") == 0) signal_session(child->pid, number);
}

void np_child_signal(struct np_spawner *spawner, const struct np_request *request) {
  struct np_child *child = np_child_find(spawner, request->id);
  const char *scope = np_request_value(request, "scope"), *text = np_request_value(request, "signo");
  long number;
  if (scope == NULL || text == NULL || !np_parse_number(text, 10, 1, 64, &number))
    return np_spawner_error(spawner, request->id, "cannot signal the child: bad or missing scope or signo");
  if (child == NULL || child->pid == 0) return;
  // It may end of it, and what is to follow then is decided anew.
  np_successor_free(child->successor);
  child->successor = NULL;
  signal_child(child, scope, (int)number);
}

static long long microseconds(struct timeval time) {
  return time.tv_sec * 1000000LL + time.tv_usec;
}

// `next`: who is started now in its place, or NULL.
static void tell_exit(struct np_spawner *spawner, const struct np_child *child, int status, const struct rusage *usage, const char *next) {
  struct np_events *out = &spawner->out;
  np_event_begin(out, "exited", child->id);
  if (WIFSIGNALED(status)) np_event_number(out, "signal", WTERMSIG(status));
  else np_event_number(out, "code", WEXITSTATUS(status));
  if (!child->executed) np_event_put(out, "early", "1");
  np_event_number(out, "core", WIFSIGNALED(status) && WCOREDUMP(status));
  np_event_number(out, "utime-us", microseconds(usage->ru_utime));
  np_event_number(out, "stime-us", microseconds(usage->ru_stime));
  np_event_number(out, "maxrss-kb", usage->ru_maxrss);
  if (next != NULL) np_event_put(out, "next", next);
  np_event_end(out);
}

static struct np_child *find_pid(const struct np_spawner *spawner, pid_t pid) {
  struct np_child *at = spawner->children;
  while (at != NULL && at->pid != pid) at = at->next;
  return at;
}

// 0: nobody has ended. Its number and what /proc has about it stay until it is waited for.
static pid_t find_ended(void) {
  siginfo_t info = { .si_pid = 0 };
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

// What a child said before it ended is told before its end. Until it is waited for, nobody else can have the number of its group.
void np_children_reap(struct np_spawner *spawner) {
  struct rusage usage;
  int status;
  for (pid_t pid; (pid = find_ended()) > 0;) {
    struct np_child *child = find_pid(spawner, pid);
    if (child != NULL) np_child_drain(spawner, child);
    if (child != NULL && child->ends_group) kill(-pid, SIGKILL);
    if (wait4(pid, &status, 0, &usage) != pid) return;
    if (child == NULL) continue;
    np_sockets_revive(spawner);
    const char *next = np_successor_find(spawner, child, status);
    if (!child->failed) tell_exit(spawner, child, status, &usage, next);
    struct np_successor *successor = child->successor;
    child->successor = NULL;
    child->pid = 0;
    np_child_settle(spawner, child);
    if (next != NULL) np_successor_spawn(spawner, successor);
    np_successor_free(successor);
  }
}

void np_children_end(struct np_spawner *spawner) {
  while (spawner->children != NULL) {
    struct np_child *child = spawner->children;
    // Our death is told to the child alone; its group is told here, where no warden is there to do it. Whoever is stopped would take
    // the signal only after it is continued.
    if (child->pid != 0) signal_child(child, "group", SIGTERM);
    if (child->pid != 0) signal_child(child, "group", SIGCONT);
    child->opened = child->released = true;
    child->pid = 0;
    np_child_settle(spawner, child);
  }
}

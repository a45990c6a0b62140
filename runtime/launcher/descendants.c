// Descendants are found by the parent chains in /proc: a session or group can be left, a subreaper cannot.
#include "descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"

#define TERM_GRACE_MS 300
#define BLIND_LIMIT_MS 2000
// Between two rounds of SIGKILL; it grows for processes that the kernel does not let go of.
#define PAUSE_MS 5
#define PAUSE_LIMIT_MS 200

struct process {
  pid_t pid, parent;
  bool ours;
};

struct table {
  struct process *items;
  size_t count, room;
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The command name may hold anything, parentheses included: the fields start behind the last one.
static pid_t read_parent(int proc, const char *name) {
  char path[300], text[512];
  snprintf(path, sizeof path, "%.20s/stat", name);
  if (np_read_text(proc, path, text, sizeof text) <= 0) return -1;
  const char *end = strrchr(text, ')');
  return end != NULL && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : -1;
}

static void add(struct table *table, pid_t pid, pid_t parent) {
  if (table->count == table->room) {
    size_t room = table->room > 0 ? 2 * table->room : 512;
    struct process *items = realloc(table->items, room * sizeof *items);
    if (items == NULL) return;
    table->items = items;
    table->room = room;
  }
  table->items[table->count++] = (struct process){ pid, parent, false };
}

// The /proc of another process namespace has other numbers for the same processes.
static bool is_our_proc(void) {
  char link[24] = "", self[24];
  snprintf(self, sizeof self, "%ld", (long)getpid());
  return readlink("/proc/self", link, sizeof link - 1) > 0 && strcmp(link, self) == 0;
}

static bool read_table(struct table *table) {
  DIR *dir = is_our_proc() ? opendir("/proc") : NULL;
  bool found = false;
  table->count = 0;
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    pid_t parent = read_parent(dirfd(dir), entry->d_name);
    if (parent < 0) continue;
    add(table, (pid_t)strtol(entry->d_name, NULL, 10), parent);
    found = true;
  }
  if (dir != NULL) closedir(dir);
  return found;
}

static int compare_pids(const void *a, const void *b) {
  pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;
  return x < y ? -1 : x > y;
}

static bool is_ours(const struct table *table, pid_t pid, pid_t self) {
  const struct process key = { .pid = pid };
  if (pid == self) return true;
  const struct process *found = bsearch(&key, table->items, table->count, sizeof key, compare_pids);
  return found != NULL && found->ours;
}

// Repeated, since a parent may stand behind its child.
static void mark_ours(struct table *table, pid_t self) {
  qsort(table->items, table->count, sizeof *table->items, compare_pids);
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < table->count; i++) {
      struct process *process = &table->items[i];
      if (process->ours || !is_ours(table, process->parent, self)) continue;
      process->ours = changed = true;
    }
  }
}

// False when /proc cannot be read.
static bool signal_all(struct table *table, int number) {
  pid_t self = getpid();
  if (!read_table(table)) {
    // As init of a container everything else is ours.
    if (self == 1) kill(-1, number);
    return self == 1;
  }
  mark_ours(table, self);
  for (size_t i = 0; i < table->count; i++) {
    if (!table->items[i].ours) continue;
    kill(table->items[i].pid, number);
    // A stopped process keeps TERM pending until it is continued.
    if (number == SIGTERM) kill(table->items[i].pid, SIGCONT);
  }
  return true;
}

static bool none_left(void) {
  pid_t pid;
  while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) continue;
  return pid < 0 && errno == ECHILD;
}

static void await_child(int64_t limit_ms) {
  struct timespec limit = { .tv_sec = limit_ms / 1000, .tv_nsec = limit_ms % 1000 * 1000000 };
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  (void)sigtimedwait(&set, NULL, &limit);
}

void np_descendants_end(void) {
  struct table table = { .items = NULL };
  int64_t started = now_ms(), left;
  if (none_left()) return;
  (void)signal_all(&table, SIGTERM);
  while (!none_left() && (left = started + TERM_GRACE_MS - now_ms()) > 0) await_child(left);
  for (int64_t pause = PAUSE_MS; !none_left(); pause = now_ms() - started < BLIND_LIMIT_MS ? PAUSE_MS : PAUSE_LIMIT_MS) {
    if (!signal_all(&table, SIGKILL) && now_ms() - started > BLIND_LIMIT_MS) break;
    await_child(pause);
  }
  free(table.items);
}

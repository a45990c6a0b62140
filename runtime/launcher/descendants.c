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

static bool read_table(struct table *table) {
  DIR *dir = opendir("/proc");
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

static bool is_ours(const struct table *table, pid_t pid, pid_t self) {
  if (pid == self) return true;
  for (size_t i = 0; i < table->count; i++) if (table->items[i].pid == pid) return table->items[i].ours;
  return false;
}

// Repeated, since a parent may stand behind its child.
static void mark_ours(struct table *table, pid_t self) {
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
  while (!none_left()) {
    if (!signal_all(&table, SIGKILL) && now_ms() - started > BLIND_LIMIT_MS) break;
    await_child(5);
  }
  free(table.items);
}

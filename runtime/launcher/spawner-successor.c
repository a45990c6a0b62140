#include "spawner-successor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "number.h"

#define CODES 256
// Real-time signals have no names among the ends that are declared.
#define SIGNALS 32

struct np_successor {
  struct np_request request;  // a spawn
  char *strings;
  bool unless_code[CODES], unless_signal[SIGNALS];
};

static bool except(bool *ends, long count, const char *text) {
  long number;
  if (!np_parse_number(text, 10, 0, count - 1, &number)) return false;
  return ends[number] = true;
}

// False for what is none of its own.
static bool take_own(struct np_successor *successor, const char *field, bool *ok) {
  const char *code = np_field_value(field, "unless-code"), *number = np_field_value(field, "unless-signal"), *next = np_field_value(field, "next");
  if (code != NULL) *ok = *ok && except(successor->unless_code, CODES, code);
  if (number != NULL) *ok = *ok && except(successor->unless_signal, SIGNALS, number);
  if (next != NULL) *ok = *ok && strlen(next) < NP_ID_SIZE;
  return code != NULL || number != NULL || next != NULL;
}

// Fields as they are, in memory of its own: those of a request are gone with the next one.
static bool copy_fields(struct np_successor *successor, const struct np_request *request) {
  size_t size = 0;
  for (size_t i = 0; i < request->count; i++) size += strlen(request->fields[i]) + 1;
  char *at = successor->strings = malloc(size + 1);
  successor->request.fields = calloc(request->count + 1, sizeof *successor->request.fields);
  if (at == NULL || successor->request.fields == NULL) return false;
  bool ok = true;
  for (size_t i = 0; i < request->count; i++) {
    const char *copy = strcpy(at, request->fields[i]);
    at += strlen(copy) + 1;
    if (take_own(successor, copy, &ok)) {
      if (np_field_value(copy, "next") != NULL) successor->request.id = np_field_value(copy, "next");
    } else successor->request.fields[successor->request.count++] = copy;
  }
  return ok && successor->request.id[0] != '\0';
}

void np_successor_free(struct np_successor *successor) {
  if (successor == NULL) return;
  free(successor->request.fields);
  free(successor->strings);
  free(successor);
}

static struct np_successor *create(const struct np_request *request) {
  struct np_successor *successor = calloc(1, sizeof *successor);
  if (successor == NULL) return NULL;
  successor->request = (struct np_request){ .verb = "spawn", .id = "" };
  if (copy_fields(successor, request)) return successor;
  np_successor_free(successor);
  return NULL;
}

void np_successor_name(struct np_spawner *spawner, const struct np_request *request) {
  struct np_child *child = np_child_find(spawner, request->id);
  // It has ended meanwhile, which has been told.
  if (child == NULL || child->pid == 0) return;
  np_successor_free(child->successor);
  child->successor = create(request);
  if (child->successor == NULL) np_spawner_error(spawner, request->id, "cannot name a successor of the child: bad or missing next, unless-code or unless-signal");
}

void np_successors_drop(struct np_spawner *spawner) {
  for (struct np_child *child = spawner->children; child != NULL; child = child->next) {
    np_successor_free(child->successor);
    child->successor = NULL;
  }
}

void np_successors_take_back(struct np_spawner *spawner, const struct np_request *request) {
  np_successors_drop(spawner);
  np_event(&spawner->out, "unfollowed", request->id);
}

// Whoever has left the group is an orphan now, and the warden's child beside the supervisor. Where that cannot be read, somebody may be left.
static bool is_alone(const struct np_spawner *spawner, pid_t leader) {
  char path[64], text[64], expected[32];
  if (spawner->warden <= 0 || kill(-leader, 0) == 0 || errno != ESRCH) return false;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)spawner->warden, (int)spawner->warden);
  snprintf(expected, sizeof expected, "%d ", (int)spawner->supervisor);
  return np_read_text(AT_FDCWD, path, text, sizeof text) > 0 && strcmp(text, expected) == 0;
}

const char *np_successor_find(const struct np_spawner *spawner, const struct np_child *child, int status) {
  const struct np_successor *successor = child->successor;
  if (successor == NULL || !child->executed || child->failed) return NULL;
  if (WIFSIGNALED(status) && (WTERMSIG(status) >= SIGNALS || successor->unless_signal[WTERMSIG(status)])) return NULL;
  if (WIFEXITED(status) && successor->unless_code[WEXITSTATUS(status)]) return NULL;
  return is_alone(spawner, child->pid) ? successor->request.id : NULL;
}

void np_successor_spawn(struct np_spawner *spawner, const struct np_successor *successor) {
  np_child_spawn(spawner, &successor->request);
}

#include "spawner-guardians.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "init.h"

// The parent of a process that has this name; 0 when it has another.
static pid_t find_parent(pid_t pid, const char *name) {
  char path[40], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (np_read_text(-1, path, text, sizeof text) <= 0) return 0;
  const char *start = strchr(text, '('), *end = strrchr(text, ')');
  if (start == NULL || end == NULL || strlen(end) < 4) return 0;
  size_t length = strlen(name);
  if (length > 0 && ((size_t)(end - start - 1) != length || memcmp(start + 1, name, length) != 0)) return 0;
  return (pid_t)strtol(end + 4, NULL, 10);
}

struct np_guardians np_find_guardians(pid_t supervisor) {
  const pid_t warden = find_parent(supervisor, ""), init = find_parent(warden, NP_WARDEN_NAME);
  return init > 0 ? (struct np_guardians){ warden, init } : (struct np_guardians){ 0, 0 };
}

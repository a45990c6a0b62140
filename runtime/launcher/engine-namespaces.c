// Private namespaces for the engines `mount` (real root: a mount namespace only, a user namespace would take real root away)
// and `userns`.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "fd.h"

int np_enter_mount(struct np_cause *cause) {
  return unshare(CLONE_NEWNS) == 0 ? 0 : np_cause_set(cause, "unshare(CLONE_NEWNS)");
}

// The kernel takes a map in one write only.
static int write_proc(const char *path, const char *text, struct np_cause *cause) {
  char call[64];
  cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
  snprintf(call, sizeof call, "%s(%s)", fd < 0 ? "open" : "write", path);
  if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text)) return 0;
  return np_cause_set(cause, call);
}

int np_enter_userns(struct np_cause *cause) {
  char uid_map[64], gid_map[64];
  snprintf(uid_map, sizeof uid_map, "%lu %lu 1\n", (unsigned long)geteuid(), (unsigned long)geteuid());
  snprintf(gid_map, sizeof gid_map, "%lu %lu 1\n", (unsigned long)getegid(), (unsigned long)getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return np_cause_set(cause, "unshare(CLONE_NEWUSER|CLONE_NEWNS)");
  if (write_proc("/proc/self/uid_map", uid_map, cause) != 0) return -1;
  // Kernels before 3.19 have no setgroups file, and need none.
  if (write_proc("/proc/self/setgroups", "deny", cause) != 0 && cause->error != ENOENT) return -1;
  if (write_proc("/proc/self/gid_map", gid_map, cause) != 0) return -1;
  cause->error = 0;
  return 0;
}

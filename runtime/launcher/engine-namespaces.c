// Private namespaces for the engines `mount` (real root: a mount namespace only, a user namespace would take real root away)
// and `userns`.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
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

static long read_number(const char *path) {
  char text[32];
  return np_read_text(AT_FDCWD, path, text, sizeof text) > 0 ? strtol(text, NULL, 10) : -1;
}

static int has_seccomp_filter(void) {
  char text[4096];
  if (np_read_text(AT_FDCWD, "/proc/self/status", text, sizeof text) <= 0) return 0;
  const char *line = strstr(text, "\nSeccomp:");
  return line != NULL && strtol(line + 9, NULL, 10) == 2;
}

static const char *explain_mount(const struct np_cause *cause) {
  if (cause->error == EPERM && geteuid() != 0) return "needs root";
  if (cause->error == EPERM) return "root without CAP_SYS_ADMIN, as in a container";
  if (cause->error == EACCES) return "a security module such as AppArmor or SELinux";
  if (cause->error == EINVAL && strncmp(cause->call, "pivot_root", 10) == 0) return "the root file system is an initramfs";
  return "unusual";
}

static const char *explain_userns(const struct np_cause *cause) {
  if (cause->error == ENOENT && strstr(cause->call, "/proc/") != NULL) return "/proc is not mounted";
  if (read_number("/proc/sys/user/max_user_namespaces") == 0) return "switched off by sysctl user.max_user_namespaces=0";
  if (read_number("/proc/sys/user/max_mnt_namespaces") == 0) return "switched off by sysctl user.max_mnt_namespaces=0";
  if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0 && geteuid() != 0)
    return "switched off by sysctl kernel.unprivileged_userns_clone=0";
  if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1 && (cause->error == EACCES || cause->error == EPERM))
    return "restricted by AppArmor, sysctl kernel.apparmor_restrict_unprivileged_userns=1";
  if (cause->error == ENOSPC || cause->error == EUSERS) return "too many namespaces, or nested too deeply";
  if (cause->error == EINVAL && strncmp(cause->call, "unshare", 7) == 0) return "a kernel without user namespaces";
  if (has_seccomp_filter()) return "a seccomp filter, as in a container";
  if (cause->error == EPERM && strncmp(cause->call, "unshare", 7) == 0) return "inside a chroot, or forbidden by a security module";
  return "a security module or a container";
}

const char *np_engine_explain(const struct np_engine *engine, const struct np_cause *cause) {
  if (engine == &np_engine_mount) return explain_mount(cause);
  if (engine == &np_engine_userns) return explain_userns(cause);
  return "unusual";
}

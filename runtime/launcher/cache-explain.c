// Why a directory cannot be created or written, or nothing executed in it, and what to type. The mount's options are only
// looked at here: whether they matter has been tried before.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache-find.h"
#include "facts.h"
#include "mounts.h"

// A container gets a file system of its own at that place, which is milder than to change one that others use, too.
static void remedy_mount(struct np_finding *f, const struct np_mount *mount, const char *path, const char *options) {
  char quoted[NP_QUOTED_MAX];
  const char *container = np_facts()->container;
  const char *engine = strcmp(container, "podman") == 0 ? "podman" : "docker";
  (void)np_candidate_elsewhere(f);
  if (strcmp(container, "podman") == 0 || strcmp(container, "docker") == 0)
    (void)np_finding_remedy(f, "%s run --tmpfs %s:exec IMAGE", engine, np_shell_quote(quoted, sizeof quoted, strcmp(mount->point, "/") == 0 ? path : mount->point));
  else if (mount->point[0] != '\0' && strcmp(mount->point, "/") != 0)
    (void)np_finding_remedy(f, "sudo mount -o remount,%s %s", options, np_shell_quote(quoted, sizeof quoted, mount->point));
}

// What exists and can be seen of the path is where the right to go on is missing.
static void explain_denied(struct np_finding *f, const char *path) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", path);
  for (char *slash; access(parent, F_OK) != 0 && (slash = strrchr(parent, '/')) != NULL;) {
    slash[slash == parent ? 1 : 0] = '\0';
    if (slash == parent) break;
  }
  (void)np_finding_cause(f, "uid %lu may not write to %.300s", (unsigned long)geteuid(), parent);
}

bool np_explain_create(struct np_finding *f, const char *path) {
  struct np_mount mount;
  char quoted[NP_QUOTED_MAX];
  switch (f->error) {
    case EACCES:
    case EPERM:
      explain_denied(f, path);
      return np_candidate_elsewhere(f);
    case EROFS:
      np_mount_of(&mount, path);
      (void)np_finding_cause(f, "%.300s is mounted read-only", mount.point[0] != '\0' ? mount.point : "its file system");
      remedy_mount(f, &mount, path, "rw");
      return false;
    case ENOENT:
      (void)np_finding_cause(f, "the directory for it does not exist");
      return np_candidate_elsewhere(f);
    case ENOTDIR:
    case ELOOP:
      (void)np_finding_cause(f, "something in its path is no directory");
      return np_candidate_elsewhere(f);
    case ENOSPC:
    case EDQUOT:
      np_mount_of(&mount, path);
      (void)np_finding_cause(f, f->error == EDQUOT ? "this user's quota is used up" : "the file system is full");
      (void)np_candidate_elsewhere(f);
      return np_finding_remedy(f, "df -h %s", np_shell_quote(quoted, sizeof quoted, mount.point[0] != '\0' ? mount.point : path));
    default:
      return np_candidate_elsewhere(f);
  }
}

#if defined(__aarch64__)
#define PROCESSOR "aarch64"
#else
#define PROCESSOR "x86_64"
#endif

bool np_explain_probe(struct np_finding *f, const char *path) {
  struct np_mount mount;
  if (strncmp(f->call, "execve", 6) != 0) return np_explain_create(f, path);
  np_mount_of(&mount, path);
  if (mount.no_exec) {
    (void)np_finding_cause(f, "%.300s is mounted noexec", mount.point[0] != '\0' ? mount.point : "its file system");
    remedy_mount(f, &mount, path, "exec");
    return false;
  }
  if (f->error == EAGAIN || f->error == ENOMEM) (void)np_finding_cause(f, "a limit of processes or of memory (ulimit -u, ulimit -v, a control group)");
  else if (strstr(f->call, "killed") != NULL) (void)np_finding_cause(f, "a seccomp filter or another process killed it");
  else if (f->error == ENOEXEC) (void)np_finding_cause(f, "this kernel executes no programs for " PROCESSOR ": the emulator that runs this one is not registered (binfmt_misc)");
  else (void)np_finding_cause(f, "not mounted noexec: forbidden by a security policy (SELinux, AppArmor, IMA, fapolicyd)");
  return np_candidate_elsewhere(f);
}

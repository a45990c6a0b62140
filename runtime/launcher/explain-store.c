// Why the host's own /nix/store cannot be used, why none can be made, and why no cache directory fits relocated paths.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "facts.h"
#include "mounts.h"

static void explain_store(const struct np_cause *cause, struct np_finding *f) {
  if (cause->error == ENOENT) (void)np_finding_cause(f, "this host has no " NP_STORE_DIR ", which is as it should be without Nix");
  else if (cause->error == EPERM) (void)np_finding_cause(f, "%s is another user's, or anybody can write to it", cause->subject);
  else (void)np_finding_cause(f, NP_STORE_DIR " cannot be looked at");
}

void np_explain_host(const struct np_cause *cause, struct np_finding *f) {
  char path[sizeof NP_STORE_DIR + NAME_MAX + 2], quoted[NP_QUOTED_MAX];
  if (cause->subject[0] == '\0' || cause->subject[0] == '/') {
    explain_store(cause, f);
    return;
  }
  snprintf(path, sizeof path, NP_STORE_DIR "/%s", cause->subject);
  (void)np_shell_quote(quoted, sizeof quoted, path);
  // The call says what was looked at; where that is no system call, there is no errno to show either.
  bool is_call = strcmp(cause->call, "lstat") == 0 || strcmp(cause->call, "read") == 0;
  if (!is_call) f->error = 0;
  if (cause->error == ENOENT) {
    (void)np_finding_cause(f, "the host's store does not have %s", path);
    (void)np_finding_remedy(f, "nix-store --realise %s", quoted);
  } else if (strcmp(cause->call, "size") == 0) {
    (void)np_finding_cause(f, "%s of the host has another size than the one in the bundle", path);
    (void)np_finding_remedy(f, "sudo nix-store --repair-path %s", quoted);
  } else if (strcmp(cause->call, "lock") == 0) {
    (void)np_finding_cause(f, "Nix is building or copying %s at the moment", path);
    (void)np_finding_remedy(f, "nix-store --realise %s", quoted);
  } else if (strcmp(cause->call, "mark") == 0) {
    (void)np_finding_cause(f, "%s was not put there by Nix but by the engine nix-dir", path);
    (void)np_finding_again(f, "NIXPACK_ENGINE=nix-dir");
  } else if (strcmp(cause->call, "owner") == 0) {
    (void)np_finding_cause(f, "%s of the host belongs neither to root nor to this user", path);
  } else {
    (void)np_finding_cause(f, "%s of the host cannot be read", path);
    (void)np_finding_remedy(f, "sudo nix-store --repair-path %s", quoted);
  }
}

void np_explain_relocate(struct np_finding *f) {
  (void)np_finding_cause(f, "there is no usable cache directory with a path that is short and plain enough");
  (void)np_finding_again(f, "NIXPACK_CACHE_DIR=/some/dir");
}

void np_explain_nix_dir(const struct np_cause *cause, struct np_finding *f) {
  struct np_mount mount;
  np_mount_of(&mount, NP_STORE_DIR);
  if (strstr(cause->call, "execve") != NULL) {
    (void)np_finding_cause(f, mount.no_exec ? "%.300s is mounted noexec" : "a security policy forbids to execute programs below %.300s", mount.point);
  } else if (cause->error == EROFS) {
    (void)np_finding_cause(f, "%.300s is mounted read-only", mount.point[0] != '\0' ? mount.point : "/");
  } else if (strcmp(cause->call, "owner") == 0) {
    explain_store(cause, f);
  } else if (cause->error == EACCES || cause->error == EPERM) {
    (void)np_finding_cause(f, "uid %lu may not write to %s", (unsigned long)geteuid(), access("/nix", F_OK) != 0 ? "/" : access(NP_STORE_DIR, F_OK) != 0 ? "/nix" : NP_STORE_DIR);
  } else if (cause->error == ENOSPC || cause->error == EDQUOT) {
    (void)np_finding_cause(f, "the file system is full");
  } else {
    (void)np_finding_cause(f, "unusual");
  }
  (void)np_finding_again(f, "NIXPACK_ENGINE=relocate");
  np_remedy_container(f, "--tmpfs /nix:exec");
}

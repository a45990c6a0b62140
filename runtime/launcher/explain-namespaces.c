// Why namespaces or mounts in them were refused. A certain sign (a sysctl that is 0) goes before a likely one (a filter that
// is there), which goes before what is left. What weakens this host comes last among the remedies.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "facts.h"

static bool is_call(const struct np_cause *cause, const char *prefix) {
  return strncmp(cause->call, prefix, strlen(prefix)) == 0;
}

static bool is_denied(const struct np_cause *cause) {
  return cause->error == EPERM || cause->error == EACCES;
}

static void relocate(struct np_finding *f) {
  (void)np_finding_again(f, "NIXPACK_ENGINE=relocate");
}

static bool switched_off(struct np_finding *f, const char *sysctl, const char *value) {
  (void)np_finding_cause(f, "switched off by sysctl %s=0", sysctl);
  relocate(f);
  (void)np_finding_remedy(f, "sudo sysctl -w %s=%s", sysctl, value);
  return true;
}

// A profile for this one file, where it lies for good, is milder than a switch for all programs.
static bool restricted_by_apparmor(struct np_finding *f) {
  char file[PATH_MAX], quoted[NP_QUOTED_MAX];
  ssize_t length = readlink("/proc/self/exe", file, sizeof file - 1);
  file[length > 0 ? length : 0] = '\0';
  const char *name = strrchr(file, '/');
  (void)np_finding_cause(f, "restricted by AppArmor, sysctl kernel.apparmor_restrict_unprivileged_userns=1");
  relocate(f);
  // Neither quotes nor patterns of the shell, of printf or of AppArmor.
  if (name != NULL && strcmp(np_shell_quote(quoted, sizeof quoted, file), file) == 0 && strpbrk(file, "@%,=") == NULL)
    (void)np_finding_remedy(f, "printf 'abi <abi/4.0>,\\nprofile nixpack-%s %s flags=(unconfined) { userns, }\\n' | sudo apparmor_parser -r", name + 1, file);
  (void)np_finding_remedy(f, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
  return true;
}

static bool filtered(struct np_finding *f, const char *what) {
  const char *container = np_facts()->container;
  (void)np_finding_cause(f, "%s, as of a container or of a service manager%s%s%s", what, container[0] != '\0' ? " (" : "", container,
                         container[0] != '\0' ? ")" : "");
  relocate(f);
  np_remedy_container(f, "--security-opt seccomp=unconfined");
  return true;
}

static bool policy(struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  bool is_confined = facts->apparmor == 1 && facts->profile[0] != '\0' && strncmp(facts->profile, "unconfined", 10) != 0;
  if (!is_confined && facts->selinux != 1) return false;
  if (is_confined) (void)np_finding_cause(f, "probably AppArmor, profile \"%s\"", facts->profile);
  else (void)np_finding_cause(f, "probably SELinux, which is enforcing%s%s", facts->profile[0] != '\0' ? ", context " : "", facts->profile);
  relocate(f);
  (void)np_finding_remedy(f, is_confined ? "sudo dmesg | grep 'apparmor=\"DENIED\"'" : "sudo ausearch -m avc -ts recent");
  if (is_confined) np_remedy_container(f, "--security-opt apparmor=unconfined");
  return true;
}

static void unknown(struct np_finding *f, const char *guess) {
  const struct np_facts *facts = np_facts();
  (void)np_finding_cause(f, facts->is_gvisor ? "gVisor's kernel does not have it" : "%s", guess);
  relocate(f);
}

static bool in_chroot(struct np_finding *f) {
  (void)np_finding_cause(f, "this process is in a chroot, where the kernel refuses it");
  relocate(f);
  return true;
}

static void too_many(struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  (void)np_finding_cause(f, "nested more than 32 levels deep, or too many namespaces (user.max_user_namespaces=%ld here, maybe less further out)",
                         facts->max_user_namespaces);
  relocate(f);
  if (facts->max_user_namespaces >= 0 && facts->max_user_namespaces < 15000) (void)np_finding_remedy(f, "sudo sysctl -w user.max_user_namespaces=15000");
}

// Files below /proc/self that describe the new user namespace.
static void explain_map(const struct np_cause *cause, struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  if (!facts->has_proc) {
    (void)np_finding_cause(f, "/proc is not mounted");
    relocate(f);
    (void)np_finding_remedy(f, "sudo mount -t proc proc /proc");
  } else if (cause->error == EROFS) {
    (void)np_finding_cause(f, "/proc is mounted read-only");
    relocate(f);
    (void)np_finding_remedy(f, "sudo mount -o remount,rw /proc");
  } else if (facts->apparmor_restrict == 1) {
    (void)restricted_by_apparmor(f);
  } else if (!policy(f) && !(facts->seccomp == 2 && filtered(f, "a seccomp filter"))) {
    unknown(f, "a security module, or a /proc that a container has changed");
  }
}

// After the namespaces were granted: mount, pivot_root, umount2.
static void explain_mounting(const struct np_cause *cause, struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  if (cause->error == EINVAL && facts->is_chroot == 1) {
    (void)in_chroot(f);
  } else if (cause->error == EINVAL && (is_call(cause, "pivot_root") || facts->is_initramfs == 1)) {
    (void)np_finding_cause(f, "%s", facts->is_initramfs == 1 ? "the root file system is an initramfs" : "the root file system cannot be exchanged: an initramfs, or a chroot");
    relocate(f);
  } else if (is_denied(cause) && facts->apparmor_restrict == 1 && facts->sys_admin != 1) {
    (void)restricted_by_apparmor(f);
  } else if (facts->seccomp == 2 && (cause->error == EPERM || cause->error == ENOSYS)) {
    (void)filtered(f, "a seccomp filter");
  } else if (is_denied(cause) && policy(f)) {
    return;
  } else if (cause->error == ENOSPC) {
    (void)np_finding_cause(f, "too many mounts (sysctl fs.mount-max)");
    relocate(f);
    (void)np_finding_remedy(f, "sudo sysctl -w fs.mount-max=100000");
  } else if (cause->error == ENODEV) {
    (void)np_finding_cause(f, "a kernel without tmpfs");
    relocate(f);
  } else if (is_denied(cause)) {
    unknown(f, facts->seccomp == 2 ? "a seccomp filter or a security module"
               : facts->is_nested == 1 ? "mounts that an outer container has locked, or a security module" : "a security module");
  } else {
    unknown(f, cause->error == ENOMEM ? "out of memory" : "unusual");
  }
}

// It had no time to say which call it was.
static bool was_killed(const struct np_cause *cause, struct np_finding *f) {
  if (!is_call(cause, "trial killed")) return false;
  f->error = 0;
  if (np_facts()->seccomp == 2) return filtered(f, "trial killed by a seccomp filter");
  unknown(f, "trial killed, as by a seccomp filter or for want of memory");
  return true;
}

static void explain_refused_user(const struct np_cause *cause, struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  if (facts->unprivileged_userns_clone == 0 && facts->sys_admin != 1) {
    (void)switched_off(f, "kernel.unprivileged_userns_clone", "1");
  } else if (facts->apparmor_restrict == 1 && facts->sys_admin != 1) {
    (void)restricted_by_apparmor(f);
  } else if (facts->is_chroot == 1 && cause->error == EPERM) {
    (void)in_chroot(f);
  } else if (facts->is_mapped == 0) {
    (void)np_finding_cause(f, "this user (shown as uid %lu) does not exist in the user namespace around it", (unsigned long)geteuid());
    relocate(f);
  } else if (!(facts->seccomp == 2 && filtered(f, "a seccomp filter")) && !policy(f)) {
    unknown(f, "a security module, or a chroot");
  }
}

void np_explain_userns(const struct np_cause *cause, struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  if (was_killed(cause, f)) return;
  if (strstr(cause->call, "/proc/") != NULL || strstr(cause->subject, "/proc/") != NULL) explain_map(cause, f);
  else if (!is_call(cause, "unshare")) explain_mounting(cause, f);
  else if (facts->max_user_namespaces == 0) (void)switched_off(f, "user.max_user_namespaces", "15000");
  else if (facts->max_mnt_namespaces == 0) (void)switched_off(f, "user.max_mnt_namespaces", "15000");
  else if (cause->error == ENOSPC || cause->error == EUSERS) too_many(f);
  else if (cause->error == EINVAL) unknown(f, "a kernel without user namespaces (CONFIG_USER_NS)");
  else if (cause->error == ENOSYS && !(facts->seccomp == 2 && filtered(f, "a seccomp filter that hides the system call"))) unknown(f, "a kernel without namespaces");
  else if (is_denied(cause)) explain_refused_user(cause, f);
  else if (f->cause[0] == '\0') unknown(f, cause->error == ENOMEM ? "out of memory" : "unusual");
}

void np_explain_mount(const struct np_cause *cause, struct np_finding *f) {
  const struct np_facts *facts = np_facts();
  if (was_killed(cause, f)) return;
  if (!is_call(cause, "unshare")) {
    explain_mounting(cause, f);
  } else if (cause->error == ENOSPC && facts->max_mnt_namespaces == 0) {
    (void)switched_off(f, "user.max_mnt_namespaces", "15000");
  } else if (cause->error == EPERM && geteuid() != 0 && facts->sys_admin != 1) {
    (void)np_finding_cause(f, "needs root");
    relocate(f);
    (void)np_finding_again(f, "sudo");
  } else if (cause->error == EPERM && facts->sys_admin == 0) {
    (void)np_finding_cause(f, "root without CAP_SYS_ADMIN, as in a container");
    relocate(f);
    (void)np_finding_again(f, "NIXPACK_ENGINE=nix-dir");
    np_remedy_container(f, "--cap-add SYS_ADMIN");
  } else if (facts->seccomp == 2 && (cause->error == EPERM || cause->error == ENOSYS)) {
    (void)filtered(f, cause->error == ENOSYS ? "a seccomp filter that hides the system call" : "a seccomp filter");
  } else if (!(is_denied(cause) && policy(f))) {
    unknown(f, cause->error == ENOSPC ? "too many mount namespaces (sysctl user.max_mnt_namespaces)"
               : cause->error == EINVAL ? "a kernel without mount namespaces (CONFIG_NAMESPACES)" : is_denied(cause) ? "a security module" : "unusual");
  }
}

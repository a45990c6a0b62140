// Starts a program under a seccomp filter, as a container engine or a service manager would.
//   seccomp-run RULES... -- PROGRAM ARGUMENTS
// RULES is a comma-separated list of SYSCALL[:MASK][=ACTION]: with MASK only when the first argument has one of its bits.
// ACTION is an errno by name or number (default EPERM), `kill` (the process, SIGSYS), `kill-thread`, `trap`, `allow`
// or `hang` (the call never comes back); the first match counts.
// clone-ns and unshare-ns, clone-user and unshare-user: those with flags for any namespace, or for a user namespace.
// docker: what Docker's default profile denies to a container without capabilities, as far as it matters to a bundle.
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif
#define ALL_NAMESPACES "0x7e020000"
#define USER_NAMESPACE "0x10000000"

struct name {
  const char *name;
  long value;
};
#define S(name) { #name, SYS_##name }
static const struct name syscalls[] = {
  S(add_key), S(bpf), S(capset), S(chdir), S(chroot), S(clone), S(clone3), S(close_range), S(copy_file_range), S(execve), S(execveat), S(faccessat),
  S(faccessat2), S(fallocate), S(fchdir), S(fchmod), S(fchmodat), S(fchown), S(fdatasync), S(flock), S(fsconfig), S(fsmount), S(fsopen), S(fspick),
  S(fstatfs), S(fsync), S(getrandom), S(init_module), S(io_uring_setup), S(kexec_load), S(keyctl), S(kill), S(landlock_create_ruleset), S(linkat),
  S(memfd_create), S(mkdirat), S(mknodat), S(mount), S(mount_setattr), S(move_mount), S(mprotect), S(open_tree), S(openat), S(openat2),
  S(perf_event_open), S(personality), S(pidfd_getfd), S(pidfd_open), S(pidfd_send_signal), S(pivot_root), S(prctl), S(process_vm_readv), S(ptrace),
  S(reboot), S(renameat), S(renameat2), S(request_key), S(sendfile), S(setgroups), S(setns), S(setxattr), S(splice), S(statfs), S(statx),
  S(swapon), S(symlinkat), S(sync), S(sync_file_range), S(syncfs), S(umount2), S(unlinkat), S(unshare), S(userfaultfd), S(utimensat),
#ifdef SYS_fork
  S(chmod), S(fork), S(mkdir), S(open), S(rename), S(symlink), S(vfork),
#endif
};
#define E(name) { #name, name }
static const struct name errors[] = {
  E(EACCES), E(EBUSY), E(EINVAL), E(EIO), E(ENODEV), E(ENOENT), E(ENOLCK), E(ENOMEM), E(ENOSPC), E(ENOSYS), E(EOPNOTSUPP), E(EPERM), E(EROFS), E(EUSERS), E(EXDEV),
};
static const struct name aliases[] = { { "clone-ns", SYS_clone }, { "unshare-ns", SYS_unshare }, { "clone-user", SYS_clone }, { "unshare-user", SYS_unshare } };

static struct sock_filter filter[1024];
static unsigned short length;
static int hangs;

static void fail(const char *what) {
  fprintf(stderr, "seccomp-run: %s: %s\n", what, errno != 0 ? strerror(errno) : "not understood");
  exit(125);
}

static void add(unsigned short code, unsigned value, unsigned char if_true, unsigned char if_false) {
  if (length == sizeof filter / sizeof *filter) fail("too many rules");
  filter[length++] = (struct sock_filter){ code, if_true, if_false, value };
}

static long find(const struct name *names, size_t count, const char *wanted) {
  for (size_t i = 0; i < count; i++) if (strcmp(names[i].name, wanted) == 0) return names[i].value;
  char *end;
  long number = strtol(wanted, &end, 0);
  errno = 0;
  if (end == wanted || *end != '\0') fail(wanted);
  return number;
}

static unsigned action_of(const char *text) {
  if (text == NULL) return SECCOMP_RET_ERRNO | EPERM;
  if (strcmp(text, "kill") == 0) return SECCOMP_RET_KILL_PROCESS;
  if (strcmp(text, "kill-thread") == 0) return SECCOMP_RET_KILL_THREAD;
  if (strcmp(text, "trap") == 0) return SECCOMP_RET_TRAP;
  if (strcmp(text, "allow") == 0) return SECCOMP_RET_ALLOW;
  if (strcmp(text, "hang") == 0) {
    hangs = 1;
    return SECCOMP_RET_USER_NOTIF;
  }
  return SECCOMP_RET_ERRNO | (unsigned)find(errors, sizeof errors / sizeof *errors, text);
}

static void load(size_t offset) {
  add(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void add_rule(char *rule) {
  char *action = strchr(rule, '=');
  if (action != NULL) *action++ = '\0';
  char *mask = strchr(rule, ':');
  if (mask != NULL) *mask++ = '\0';
  long number = -1;
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
    if (strcmp(aliases[i].name, rule) != 0) continue;
    number = aliases[i].value;
    mask = strstr(rule, "user") != NULL ? USER_NAMESPACE : ALL_NAMESPACES;
  }
  if (number < 0) number = find(syscalls, sizeof syscalls / sizeof *syscalls, rule);
  if (mask == NULL) {
    add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
  } else {
    add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 4);
    load(offsetof(struct seccomp_data, args[0]));  // the low half; processors of the other byte order are not ours
    add(BPF_JMP | BPF_JSET | BPF_K, (unsigned)strtoul(mask, NULL, 0), 0, 1);
  }
  add(BPF_RET | BPF_K, action_of(action), 0, 0);
  if (mask != NULL) load(offsetof(struct seccomp_data, nr));
}

static void add_rules(const char *list) {
  char *copy = strdup(list), *next = copy;
  for (char *rule; (rule = strsep(&next, ",")) != NULL;) {
    if (strcmp(rule, "docker") != 0) {
      add_rule(rule);
      continue;
    }
    add_rules("clone3=ENOSYS,clone-ns,unshare,setns,mount,umount2,pivot_root,mount_setattr,open_tree,move_mount,fsopen,fsconfig,fsmount,fspick");
    add_rules("add_key,keyctl,request_key,bpf,perf_event_open,userfaultfd,kexec_load,init_module,reboot,swapon");
  }
  free(copy);
}

// A call that hangs waits for a listener: whoever inherits this descriptor, and never looks at it.
static int install(struct sock_fprog *program) {
  if (!hangs) return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
  int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program);
  return listener < 0 ? -1 : dup2(listener, 99) < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
  int at = 1;
  load(offsetof(struct seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  load(offsetof(struct seccomp_data, nr));
  for (; at < argc && strcmp(argv[at], "--") != 0; at++) add_rules(argv[at]);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  if (at + 1 >= argc) fail("seccomp-run RULES... -- PROGRAM");
  struct sock_fprog program = { length, filter };
  // As root without no_new_privs, as container engines do it; others may only with.
  if (install(&program) != 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || install(&program) != 0)) fail("seccomp");
  execvp(argv[at + 1], argv + at + 1);
  fail(argv[at + 1]);
}

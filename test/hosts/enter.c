// Enters a host made by the tests and starts a program there: a private mount namespace, pivot_root, another user.
//   enter STEP... exec PROGRAM ARGV0 ARGUMENT...        the steps are taken in the order in which they are given
// Descriptor 3: "started PID" and "ended" are written to it. Descriptor 4: after the end the outermost process waits
// until it is closed, so that the caller can see who is left in the process id namespace.
#define main seccomp_run_main
#include "../launcher/seccomp-run.c"
#undef main

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define EVENTS 3
#define RELEASE 4

extern char **environ;
static int host_proc = -1;   // the outer /proc, in which children have the process ids that fork() returned
static int map_request[2], map_done[2];
static pid_t child;

static void die(const char *step, const char *what) {
  fprintf(stderr, "enter: %s %s: %s\n", step, what, strerror(errno));
  _exit(124);
}

static void must(bool good, const char *step, const char *what) {
  if (!good) die(step, what);
}

static void write_text(int dir, const char *path, const char *text) {
  int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
  must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write", path);
  close(fd);
}

static void pass_on(int signal) {
  if (child > 0) kill(child, signal);
}

// Only a process outside may write a map of more than one id.
static void write_maps(void) {
  char path[64], byte;
  if (read(map_request[0], &byte, 1) != 1) return;
  for (const char *const *kind = (const char *const[]){ "uid_map", "gid_map", NULL }; *kind != NULL; kind++) {
    snprintf(path, sizeof path, "%d/%s", (int)child, *kind);
    write_text(host_proc, path, "0 0 65536\n");
  }
  must(write(map_done[1], "", 1) == 1, "map", "");
}

static void await_end(void) {
  int status;
  char byte;
  dprintf(EVENTS, "started %d\n", (int)child);
  write_maps();
  while (waitpid(child, &status, 0) < 0) must(errno == EINTR, "wait", "");
  dprintf(EVENTS, "ended\n");
  while (read(RELEASE, &byte, 1) < 0 && errno == EINTR) continue;
  if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
  setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
  signal(WTERMSIG(status), SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  raise(WTERMSIG(status));
  _exit(128 + WTERMSIG(status));
}

// Process 1 of the namespace: reaps, and takes all others with it when the outermost process is gone.
static void reap(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "enter-init");
  for (int fd = 0; fd < 16; fd++) close(fd);
  for (;;) if (waitpid(-1, NULL, 0) < 0) pause();
}

// fork-first: the program is process 1. fork: it is process 2, below one that reaps.
static void fork_into(bool first) {
  static const int passed[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT };
  must(pipe2(map_request, O_CLOEXEC) == 0 && pipe2(map_done, O_CLOEXEC) == 0, "fork", "pipe");
  if (!first) {
    // Both are children of this process: the kernel lets it wait for the program itself, whose status is what counts.
    pid_t reaper = fork();
    must(reaper >= 0, "fork", "");
    if (reaper == 0) reap();
  }
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) signal(passed[i], pass_on);
  child = fork();
  must(child >= 0, "fork", "");
  if (child > 0) {
    close(map_request[1]);
    await_end();
  }
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) signal(passed[i], SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(map_request[0]);
}

static void new_user_namespace(void) {
  char byte = 0;
  must(unshare(CLONE_NEWUSER) == 0, "unshare", "user");
  must(write(map_request[1], &byte, 1) == 1 && read(map_done[0], &byte, 1) == 1, "map", "");
}

static unsigned long flag_of(const char *name) {
  static const struct name flags[] = { { "ro", MS_RDONLY }, { "noexec", MS_NOEXEC }, { "nosuid", MS_NOSUID }, { "nodev", MS_NODEV }, { "shared", MS_SHARED } };
  return (unsigned long)find(flags, sizeof flags / sizeof *flags, name);
}

static void remount(const char *path, char *names) {
  unsigned long flags = MS_REMOUNT | MS_BIND;
  for (char *name; (name = strsep(&names, ",")) != NULL;) flags |= flag_of(name);
  must(mount(NULL, path, NULL, flags, NULL) == 0, "remount", path);
}

static void pivot(const char *root) {
  must(chdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0, "pivot", root);
  must(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "pivot", root);
}

static void make_devices(const char *dir) {
  static const struct { const char *name; unsigned minor; } devices[] = { { "null", 3 }, { "zero", 5 }, { "full", 7 }, { "random", 8 }, { "urandom", 9 } };
  char path[4096];
  umask(0);
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, devices[i].name);
    must(mknod(path, S_IFCHR | 0666, makedev(1, devices[i].minor)) == 0, "devices", path);
  }
  umask(022);
  static const char *const links[][2] = { { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" } };
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, links[i][1]);
    must(symlink(links[i][0], path) == 0, "devices", path);
  }
}

// Only the bounding set: at its exec root loses what is not in it, and the steps before that still need their rights.
static void drop_capability(long number) {
  must(prctl(PR_CAPBSET_DROP, number) == 0, "drop", "bounding set");
}

static void drop(char *names) {
  static const struct name known[] = { { "sys_admin", CAP_SYS_ADMIN }, { "sys_chroot", CAP_SYS_CHROOT }, { "mknod", CAP_MKNOD } };
  if (strcmp(names, "all") == 0) {
    for (long number = 0; number <= CAP_LAST_CAP && prctl(PR_CAPBSET_READ, number) >= 0; number++) drop_capability(number);
    return;
  }
  for (char *name; (name = strsep(&names, ",")) != NULL;) drop_capability(find(known, sizeof known / sizeof *known, name));
}

static void become(const char *uid, const char *gid) {
  uid_t user = (uid_t)strtoul(uid, NULL, 10);
  gid_t group = (gid_t)strtoul(gid, NULL, 10);
  must(setgroups(0, NULL) == 0 && setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0, "user", uid);
  // Not dumpable after the change: /proc/self would belong to root until the exec.
  prctl(PR_SET_DUMPABLE, 1);
}

static void limit(const char *what, const char *value) {
  static const struct name known[] = { { "nofile", RLIMIT_NOFILE }, { "as", RLIMIT_AS }, { "nproc", RLIMIT_NPROC } };
  rlim_t number = strtoull(value, NULL, 10);
  must(setrlimit((int)find(known, sizeof known / sizeof *known, what), &(struct rlimit){ number, number }) == 0, "limit", what);
}

static void filter_calls(char *rules) {
  load(offsetof(struct seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  load(offsetof(struct seccomp_data, nr));
  add_rules(rules);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){ length, filter }) == 0, "seccomp", rules);
}

struct step {
  const char *name;
  int count;
  void (*take)(char **);
};

static void take_namespaces(char **a) {
  (void)a;
  must(unshare(CLONE_NEWNS | CLONE_NEWPID) == 0, "unshare", "mount, pid");
  must(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0, "mount", "private");
}
static void take_fork(char **a) { (void)a; fork_into(false); }
static void take_fork_first(char **a) { (void)a; fork_into(true); }
static void take_userns(char **a) { (void)a; new_user_namespace(); }
static void take_bind(char **a) { must(mount(a[0], a[1], NULL, MS_BIND | MS_REC, NULL) == 0, "bind", a[1]); }
static void take_mount(char **a) { must(mount(a[0], a[1], a[0], 0, a[2]) == 0, "mount", a[1]); }
static void take_remount(char **a) { remount(a[0], a[1]); }
static void take_unmount(char **a) { must(umount2(a[0], MNT_DETACH) == 0, "unmount", a[0]); }
static void take_devices(char **a) { make_devices(a[0]); }
// The hosts are shared: what one start has made is there for the next.
static void take_mkdir(char **a) { must((mkdir(a[0], 0777) == 0 || errno == EEXIST) && chmod(a[0], (mode_t)strtoul(a[1], NULL, 8)) == 0, "mkdir", a[0]); }
static void take_chown(char **a) { must(chown(a[0], (uid_t)atoi(a[1]), (gid_t)atoi(a[1])) == 0, "chown", a[0]); }
static void take_pivot(char **a) { pivot(a[0]); }
static void take_write(char **a) { write_text(AT_FDCWD, a[0], a[1]); }
static void take_chdir(char **a) { must(chdir(a[0]) == 0, "chdir", a[0]); }
static void take_symlink(char **a) { must(symlink(a[0], a[1]) == 0 || errno == EEXIST, "symlink", a[1]); }
static void take_rmdir(char **a) { must(rmdir(a[0]) == 0, "rmdir", a[0]); }
static void take_drop(char **a) { drop(a[0]); }
static void take_user(char **a) { become(a[0], a[1]); }
static void take_limit(char **a) { limit(a[0], a[1]); }
static void take_seccomp(char **a) { filter_calls(a[0]); }
static void take_no_new_privileges(char **a) { (void)a; must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no-new-privileges", ""); }

static const struct step steps[] = {
  { "namespaces", 0, take_namespaces }, { "fork", 0, take_fork },     { "fork-first", 0, take_fork_first }, { "userns", 0, take_userns },
  { "bind", 2, take_bind },             { "mount", 3, take_mount },   { "remount", 2, take_remount },       { "unmount", 1, take_unmount },
  { "devices", 1, take_devices },       { "mkdir", 2, take_mkdir },   { "chown", 2, take_chown },           { "pivot", 1, take_pivot },
  { "write", 2, take_write },           { "chdir", 1, take_chdir },   { "rmdir", 1, take_rmdir },           { "drop", 1, take_drop },
  { "symlink", 2, take_symlink },
  { "user", 2, take_user },             { "limit", 2, take_limit },   { "seccomp", 1, take_seccomp },       { "no-new-privileges", 0, take_no_new_privileges },
};

static const struct step *find_step(const char *name) {
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) if (strcmp(steps[i].name, name) == 0) return &steps[i];
  errno = EINVAL;
  die("step", name);
  return NULL;
}

int main(int argc, char **argv) {
  int at = 1;
  host_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  fcntl(EVENTS, F_SETFD, FD_CLOEXEC);
  fcntl(RELEASE, F_SETFD, FD_CLOEXEC);
  while (at < argc && strcmp(argv[at], "exec") != 0) {
    const struct step *step = find_step(argv[at]);
    must(at + step->count < argc, "step", step->name);
    step->take(argv + at + 1);
    at += 1 + step->count;
  }
  errno = EINVAL;
  must(at + 1 < argc, "exec", "");
  // Without even an ARGV0 the argument list is empty.
  execve(argv[at + 1], argv + at + 2, environ);
  fprintf(stderr, "enter: exec %s: %s\n", argv[at + 1], strerror(errno));
  return errno == ENOENT ? 127 : 126;
}

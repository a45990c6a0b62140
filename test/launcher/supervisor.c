// Stands where the loader and the supervisor of a runtime stand: shows what it was given, or makes a process tree.
//   show | status N | kill N | signals FILE | tree DIR | orphan DIR | orphans N | spawner FILE SHIM PEER     (behind the loader's own five arguments and "--")
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void put_line(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) _exit(9);
  close(fd);
}

static int show(int argc, char **argv) {
  int signal_number = 0;
  prctl(PR_GET_PDEATHSIG, &signal_number);
  for (int i = 0; i < argc; i++) printf("arg %s\n", argv[i]);
  for (char **at = environ; *at != NULL; at++) printf("env %s\n", *at);
  char cwd[4096];
  printf("cwd %s\n", getcwd(cwd, sizeof cwd) != NULL ? cwd : "none");
  printf("session %s\npdeathsig %d\n", getsid(0) == getppid() ? "of the warden" : "other", signal_number);
  for (int fd = 3; fd < 64; fd++) if (fcntl(fd, F_GETFD) >= 0) printf("fd %d\n", fd);
  return 0;
}

static int count_signals(const char *file) {
  sigset_t set;
  sigfillset(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
  put_line(file, "ready\n");
  for (;;) {
    char line[32];
    int number = 0;
    sigwait(&set, &number);
    snprintf(line, sizeof line, "signal %d\n", number);
    put_line(file, line);
    if (number == SIGTERM) return 0;
  }
}

static void linger(const char *dir) {
  char path[4096];
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  snprintf(path, sizeof path, "%s/lingering", dir);
  put_line(path, "x");
  for (;;) pause();
}

// One that ignores TERM, one in a session of its own, one that daemonised, one that is stopped, and a child of each.
static int make_tree(const char *dir) {
  for (int kind = 0; kind < 4; kind++) {
    if (fork() != 0) continue;
    if (kind >= 1) setsid();
    if (kind == 2 && fork() != 0) _exit(0);
    if (fork() == 0) linger(dir);
    if (kind == 3) raise(SIGSTOP);
    linger(dir);
  }
  for (;;) pause();
}

static bool is_zombie_of(const char *pid, pid_t parent) {
  char path[300], text[512] = "", mark[32];
  snprintf(path, sizeof path, "/proc/%s/stat", pid);
  snprintf(mark, sizeof mark, ") Z %d ", parent);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return false;
  bool found = read(fd, text, sizeof text - 1) > 0 && strstr(text, mark) != NULL;
  close(fd);
  return found;
}

// Processes without a parent that end at once: of how many of N is something left after five seconds? From outside of its
// process name space it is process 1 that adopts them.
static int make_orphans(int count) {
  pid_t guardian = getppid() == 0 ? 1 : getppid();
  for (int i = 0; i < count; i++) {
    pid_t parent = fork();
    if (parent == 0) {
      if (fork() == 0) _exit(0);
      _exit(0);
    }
    waitpid(parent, NULL, 0);
  }
  int left = -1;
  for (int tries = 0; tries < 500 && left != 0; tries++) {
    DIR *proc = opendir("/proc");
    const struct timespec pause = { .tv_nsec = 10000000 };
    left = 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) left += is_zombie_of(entry->d_name, guardian);
    closedir(proc);
    if (left > 0) nanosleep(&pause, NULL);
  }
  printf("%d left\n", left);
  return 0;
}

// Three children that cling to life, by way of the spawner; without the spawner it ends, as ours does.
static int use_spawner(const char *file, const char *shim, const char *peer) {
  int ends[2];
  char self[16], text[4096], body[512];
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
  snprintf(self, sizeof self, "%d", getpid());
  if (fork() == 0) {
    if (dup2(ends[1], 3) == ends[1]) fcntl(3, F_SETFD, 0);
    execl(shim, shim, "spawner", self, (char *)NULL);
    _exit(99);
  }
  close(ends[1]);
  if (write(ends[0], "\24\0\0\0tell\0\0state=READY=1", 24) != 24) return 9;
  for (int i = 0; i < 3; i++) {
    int size = snprintf(body, sizeof body, "spawn%c%d%carg=%s%carg=ignore%carg=%s%c", 0, i, 0, peer, 0, 0, file, 0);
    unsigned char head[4] = { (unsigned char)size, (unsigned char)(size >> 8) };
    if (write(ends[0], head, 4) != 4 || write(ends[0], body, (size_t)size) != size) return 9;
  }
  while (read(ends[0], text, sizeof text) > 0) continue;
  return 125;
}

// What a supervisor says to the process that waits for it: some words, then perhaps a NUL and a status.
static int detached(const char *mode, const char *file) {
  const char *number = getenv("NIXPACK_DETACH_FD");
  char line[64];
  if (number == NULL) return 99;
  snprintf(line, sizeof line, "%d\n", getpid());
  put_line(file, line);
  printf("some words\n");
  fflush(stdout);
  if (strcmp(mode, "fail") == 0) return 6;
  if (strcmp(mode, "arrive") == 0 && write(atoi(number), "\0\3", 2) != 2) return 98;
  // Whoever waited reads to the end only when nobody has them open any more.
  if (strcmp(mode, "arrive") == 0) for (int fd = 1; fd < 64; fd++) close(fd);
  for (;;) pause();
}

int main(int argc, char **argv) {
  const char *mode = argc > 7 ? argv[7] : "show", *value = argc > 8 ? argv[8] : "";
  if (strcmp(mode, "status") == 0) return atoi(value);
  if (strcmp(mode, "kill") == 0) return raise(atoi(value));
  if (strcmp(mode, "signals") == 0) return count_signals(value);
  if (strcmp(mode, "tree") == 0) return make_tree(value);
  if (strcmp(mode, "orphans") == 0) return make_orphans(atoi(value));
  if (strcmp(mode, "spawner") == 0) return use_spawner(value, argv[9], argv[10]);
  if (strcmp(mode, "orphan") == 0) {
    if (fork() == 0) linger(value);
    return 5;
  }
  if (strcmp(mode, "up") == 0 && argc > 10) return detached(argv[9], argv[10]);
  return show(argc, argv);
}

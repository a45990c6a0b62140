// Stands where the loader and the supervisor of a runtime stand: shows what it was given, or makes a process tree.
//   show | status N | kill N | signals FILE | tree DIR | orphan DIR     (behind the loader's own five arguments)
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

int main(int argc, char **argv) {
  const char *mode = argc > 6 ? argv[6] : "show", *value = argc > 7 ? argv[7] : "";
  if (strcmp(mode, "status") == 0) return atoi(value);
  if (strcmp(mode, "kill") == 0) return raise(atoi(value));
  if (strcmp(mode, "signals") == 0) return count_signals(value);
  if (strcmp(mode, "tree") == 0) return make_tree(value);
  if (strcmp(mode, "orphan") == 0) {
    if (fork() == 0) linger(value);
    return 5;
  }
  return show(argc, argv);
}

// A terminal and its shell: a program runs in the foreground of it. Reads a script, one command a line.
//   terminal PROGRAM ARGS…
//     key BYTE      is typed: its number
//     wait          until the program has stopped or ended, and says which
//     fg            back to the foreground, as a shell does it
//     kill          SIGTERM, as the kill of a shell does it with a stopped job
//     sh COMMAND    with the process id of the program in JOB
//     hangup        the terminal goes, and the shell with it
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int master, terminal;
static pid_t job;

static void await_change(void) {
  int status;
  if (waitpid(job, &status, WUNTRACED) != job) printf("wait: %s\n", strerror(errno));
  else if (WIFSTOPPED(status)) {
    printf("stopped by %d\n", WSTOPSIG(status));
    tcsetpgrp(terminal, getpgrp());
  } else printf("ended with %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void run(char *line) {
  char byte = 0;
  if (strncmp(line, "key ", 4) == 0) {
    byte = (char)atoi(line + 4);
    if (write(master, &byte, 1) != 1) printf("key: %s\n", strerror(errno));
  } else if (strcmp(line, "wait") == 0) await_change();
  else if (strcmp(line, "fg") == 0) {
    tcsetpgrp(terminal, job);
    kill(-job, SIGCONT);
  } else if (strcmp(line, "kill") == 0) {
    kill(-job, SIGTERM);
    kill(-job, SIGCONT);
  } else if (strcmp(line, "hangup") == 0) {
    fflush(stdout);
    close(master);
    _exit(0);
  } else if (strncmp(line, "sh ", 3) == 0 && system(line + 3) < 0) printf("system: %s\n", strerror(errno));
}

int main(int argc, char **argv) {
  static char line[4096];
  (void)argc;
  // A session of its own needs a process that leads no group.
  if (fork() != 0) {
    int status;
    wait(&status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
  }
  setsid();
  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return 2;
  terminal = open(ptsname(master), O_RDWR | O_CLOEXEC);
  if (terminal < 0) return 2;
  signal(SIGTTOU, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  job = fork();
  if (job == 0) {
    setpgid(0, 0);
    tcsetpgrp(terminal, getpgrp());
    signal(SIGTTOU, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    for (int fd = 0; fd < 3; fd++) dup2(terminal, fd);
    execv(argv[1], argv + 1);
    _exit(99);
  }
  char number[16];
  snprintf(number, sizeof number, "%d", job);
  setenv("JOB", number, 1);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    run(line);
    fflush(stdout);
  }
  return 0;
}

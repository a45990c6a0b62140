// kill-at WHOM MICROSECONDS OUTPUT PROGRAM [ARGUMENT...]: starts a program and kills with SIGKILL, after so many microseconds,
//   all        the program and all its descendants, at once
//   launcher   the program alone
//   worker     the descendants alone that it has given away to others
// waits until nobody is left, and prints "killed" or "over" (there was nobody to kill any more), the status of the program
// and the microseconds until nobody was left.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Nobody may live longer than that.
#define PATIENCE_S 120

static void fail(const char *what) {
  perror(what);
  _exit(2);
}

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static pid_t start(const char *output, char **program) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child > 0) return child;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int in = open("/dev/null", O_RDONLY), out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in < 0 || out < 0) fail(output);
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) fail("dup2");
  close(in);
  close(out);
  execv(program[0], program);
  fail(program[0]);
  return -1;
}

static int shell_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Adopts and reaps whoever is left; the status is the program's.
static int reap(pid_t program) {
  int status, result = 255;
  for (pid_t pid; (pid = wait(&status)) > 0 || errno == EINTR;)
    if (pid == program) result = shell_status(status);
  return result;
}

// When the first process of a process namespace is killed, the kernel kills the others, and it is gone only after them.
static pid_t start_alone(const char *output, char **program) {
  if (unshare(CLONE_NEWPID) != 0) fail("unshare");
  pid_t first = fork();
  if (first < 0) fail("fork");
  if (first == 0) _exit(reap(start(output, program)));
  return first;
}

static bool kill_adopted(pid_t program) {
  char text[4096] = "";
  bool found = false;
  int fd = open("/proc/thread-self/children", O_RDONLY);
  if (fd < 0) fail("/proc/thread-self/children");
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size < 0) fail("/proc/thread-self/children");
  for (char *at = text, *end; *at != '\0'; at = end) {
    pid_t pid = (pid_t)strtol(at, &end, 10);
    if (end == at) break;
    if (pid != program) found |= kill(pid, SIGKILL) == 0;
  }
  return found;
}

// Until the instant has come, or the child is gone.
static bool outlives(pid_t child, long end) {
  sigset_t chld;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  for (;;) {
    siginfo_t info = { .si_pid = 0 };
    long left = end - now_us();
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0) fail("waitid");
    if (info.si_pid == child) return false;
    if (left <= 0) return true;
    struct timespec pause = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
    (void)sigtimedwait(&chld, NULL, &pause);
  }
}

static void wait_until(long end) {
  struct timespec until = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  bool all = strcmp(argv[1], "all") == 0, killed;
  long begin = now_us(), end = begin + atol(argv[2]);
  int status;
  sigset_t chld;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, NULL);
  // Adopts whoever the program gives away. Not inherited: the program itself is not asked to do so.
  if (!all && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("prctl");
  alarm(PATIENCE_S);
  pid_t child = all ? start_alone(argv[3], argv + 4) : start(argv[3], argv + 4);
  if (strcmp(argv[1], "worker") == 0) {
    wait_until(end);
    killed = kill_adopted(child);
  } else {
    killed = outlives(child, end);
    if (killed && kill(child, SIGKILL) != 0) fail("kill");
  }
  status = reap(child);
  printf("%s %d %ld\n", killed ? "killed" : "over", status, now_us() - begin);
  return 0;
}

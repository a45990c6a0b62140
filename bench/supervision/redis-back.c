// redis-back SOCKET: kills the redis behind SOCKET with SIGKILL and prints the microseconds until another one answers PING.
// redis-back SOCKET PROGRAM...: starts it and prints the same; the least that is possible. Asks every 100 microseconds.
// Status 1: it says on stderr which step has failed, and why.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char answer[1 << 14];
// What the last question came to, for the message.
static const char *step;
static int step_errno;

static int failed(const char *at) {
  step = at;
  step_errno = errno;
  return 0;
}

static int ask_over(int fd, const char *path, const char *question) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return failed("connect");
  // Who was killed a moment ago may still have connections to accept: EPIPE, and no signal.
  if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0) return failed("send");
  ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
  if (got < 0) return failed("recv");
  answer[got] = '\0';
  step = NULL;
  return got > 0;
}

static int ask(const char *path, const char *question) {
  answer[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("socket");
  int answered = ask_over(fd, path, question);
  close(fd);
  return answered;
}

static int complain(const char *what, const char *path) {
  if (step == NULL) fprintf(stderr, "redis-back: cannot %s \"%s\": it answered \"%.200s\"\n", what, path, answer);
  else fprintf(stderr, "redis-back: cannot %s \"%s\": %s: %s\n", what, path, step, strerror(step_errno));
  return 1;
}

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static pid_t find(const char *path) {
  if (!ask(path, "INFO server\r\n")) return 0;
  const char *field = strstr(answer, "process_id:");
  return field == NULL ? 0 : atoi(field + strlen("process_id:"));
}

static pid_t start(char **command) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (freopen("/dev/null", "w", stdout) != NULL) execv(command[0], command);
  fprintf(stderr, "redis-back: cannot start \"%s\": %s\n", command[0], strerror(errno));
  _exit(1);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  pid_t pid = argc == 2 ? find(argv[1]) : 0;
  if (argc == 2 && pid <= 0) return complain("ask who is behind", argv[1]);
  long begin = now_us();
  if (argc > 2) pid = start(argv + 2);
  else if (kill(pid, SIGKILL) != 0) pid = -1;
  if (pid < 0) {
    failed(argc > 2 ? "fork" : "kill");
    return complain("begin with", argv[1]);
  }
  const struct timespec pause = { .tv_nsec = 100000 };
  while (!ask(argv[1], "PING\r\n") || strncmp(answer, "+PONG", 5) != 0) {
    if (now_us() - begin > 30000000) return complain("get within 30 s an answer of", argv[1]);
    nanosleep(&pause, NULL);
  }
  printf("%ld\n", now_us() - begin);
  if (argc > 2) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  return 0;
}

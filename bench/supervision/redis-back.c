// redis-back SOCKET: kills the redis behind SOCKET with SIGKILL and prints the microseconds until another one answers PING.
// redis-back SOCKET PROGRAM...: starts it and prints the same; the least that is possible. Asks every 100 microseconds.
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

static int ask(const char *path, const char *question) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ssize_t got = -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && write(fd, question, strlen(question)) > 0)
    got = read(fd, answer, sizeof answer - 1);
  close(fd);
  answer[got > 0 ? got : 0] = '\0';
  return got > 0;
}

static long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  pid_t pid = 0;
  long begin = 0;
  if (argc == 2) {
    if (!ask(argv[1], "INFO server\r\n")) return 1;
    char *field = strstr(answer, "process_id:");
    pid = field == NULL ? 0 : atoi(field + strlen("process_id:"));
    if (pid <= 0) return 1;
    begin = now_us();
    kill(pid, SIGKILL);
  } else {
    begin = now_us();
    pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (freopen("/dev/null", "w", stdout) == NULL) _exit(1);
      execv(argv[2], argv + 2);
      _exit(1);
    }
  }
  const struct timespec pause = { .tv_nsec = 100000 };
  while (!ask(argv[1], "PING\r\n") || strncmp(answer, "+PONG", 5) != 0) {
    if (now_us() - begin > 30000000) return 1;
    nanosleep(&pause, NULL);
  }
  printf("%ld\n", now_us() - begin);
  if (argc > 2) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  return 0;
}

// Starts the exec shim as the supervisor does: a socket pair as descriptor 3, the handshake over FIFOs.
//   shim-parent FIFO-DIR|- LAUNCHER exec ARGS…      an argument PARENT becomes the process id of this program
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_end(const char *dir, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) fcntl(fd, F_SETFL, 0);
  unlink(path);
  return fd;
}

// All of it under one label, however many reads it takes.
static void copy(const char *label, int fd) {
  char text[65536];
  size_t used = 0;
  ssize_t size;
  if (fd < 0) return;
  while (used < sizeof text - 1 && (size = read(fd, text + used, sizeof text - 1 - used)) > 0) used += (size_t)size;
  if (used == 0) return;
  text[used] = '\0';
  printf("%s %s%s", label, text, text[used - 1] == '\n' ? "" : "\n");
}

int main(int argc, char **argv) {
  int ends[2], status, out = -1, err = -1;
  char self[16], line[512];
  snprintf(self, sizeof self, "%d", getpid());
  for (int i = 2; i < argc; i++) if (strcmp(argv[i], "PARENT") == 0) argv[i] = self;
  if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 2;
  pid_t child = fork();
  if (child == 0) {
    if (ends[1] == 3) fcntl(3, F_SETFD, 0);
    else dup2(ends[1], 3);
    execv(argv[2], argv + 2);
    _exit(99);
  }
  close(ends[1]);
  ssize_t size = read(ends[0], line, sizeof line - 1);
  if (size == 2 && memcmp(line, "F\n", 2) == 0) {
    out = open_end(argv[1], "out");
    err = open_end(argv[1], "err");
    if (write(ends[0], "G", 1) != 1) return 2;
    size = read(ends[0], line, sizeof line - 1);
  }
  line[size > 0 ? size : 0] = '\0';
  printf("%s", size > 0 ? line : "running\n");
  copy("out", out);
  copy("err", err);
  waitpid(child, &status, 0);
  printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}

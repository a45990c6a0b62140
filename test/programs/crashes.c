// crashes COUNTER LIMIT: appends one byte to the file COUNTER and ends badly, in one of three ways, until the file is as long as the
// file LIMIT says; then waits for a signal.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char text[32] = "";
  struct stat counter;
  if (argc < 3) return 2;
  int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0600), limit = open(argv[2], O_RDONLY);
  if (fd < 0 || limit < 0 || fstat(fd, &counter) != 0 || read(limit, text, sizeof text - 1) < 0) return 2;
  if (counter.st_size >= atol(text)) {
    for (;;) pause();
  }
  if (write(fd, "x", 1) != 1) return 2;
  const struct rlimit no_core = { 0, 0 };
  setrlimit(RLIMIT_CORE, &no_core);
  switch (counter.st_size % 3) {
    case 0: return 1;
    case 1: kill(getpid(), SIGKILL); break;
    default: abort();
  }
  return 1;
}

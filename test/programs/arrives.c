// arrives FILE: appends one byte to FILE, then waits for a signal.
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int fd = argc > 1 ? open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
  if (fd < 0 || write(fd, "x", 1) != 1) return 1;
  close(fd);
  for (;;) pause();
}

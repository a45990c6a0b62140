// orphans COUNT: leaves so many processes without a parent, each of which ends within 100 ms. Waits for a signal with a second
// argument.
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  for (long left = atol(argv[1]); left > 0; left--) {
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      if (fork() == 0) {
        const struct timespec life = { .tv_nsec = left % 100 * 1000000 };
        nanosleep(&life, NULL);
      }
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  if (argc > 2) pause();
  return 0;
}

// start-many COUNT PROGRAM ARGUMENT: as fast as processes can be started at all. They end with it. What fails is said on stderr.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int complain(const char *step, const char *program) {
  fprintf(stderr, "start-many: cannot start \"%s\": %s: %s\n", program, step, strerror(errno));
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  for (long left = atol(argv[1]); left > 0; left--) {
    pid_t pid = fork();
    if (pid < 0) return complain("fork", argv[2]);
    if (pid > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(argv[2], argv + 2);
    _exit(complain("execv", argv[2]));
  }
  pause();
}

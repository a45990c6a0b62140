// start-many COUNT PROGRAM ARGUMENT: as fast as processes can be started at all. They end with it.
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  for (long left = atol(argv[1]); left > 0; left--) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(argv[2], argv + 2);
    _exit(1);
  }
  pause();
}

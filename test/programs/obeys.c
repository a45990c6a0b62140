// obeys: says which signals it gets; SIGTERM ends it with status 0, SIGUSR2 with status 7.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  sigset_t all;
  int number = 0;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  setvbuf(stdout, NULL, _IONBF, 0);
  puts("obeys");
  while (sigwait(&all, &number) == 0) {
    printf("signal %d\n", number);
    if (number == SIGTERM) return 0;
    if (number == SIGUSR2) return 7;
  }
  return 1;
}

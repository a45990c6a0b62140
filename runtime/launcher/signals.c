#include "signals.h"

#include <signal.h>
#include <stddef.h>

static struct sigaction saved_child;

void np_signals_save(void) {
  struct sigaction child = { .sa_handler = SIG_DFL };
  sigaction(SIGCHLD, &child, &saved_child);
}

void np_signals_restore(void) {
  sigaction(SIGCHLD, &saved_child, NULL);
}

void np_signals_reset(void) {
  struct sigaction fresh = { .sa_handler = SIG_DFL };
  sigset_t none;
  for (int number = 1; number <= SIGRTMAX; number++) sigaction(number, &fresh, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

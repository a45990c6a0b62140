#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sigaction saved_child, saved_size;

void np_signals_save(void) {
  struct sigaction child = { .sa_handler = SIG_DFL }, size = { .sa_handler = SIG_IGN };
  sigaction(SIGCHLD, &child, &saved_child);
  sigaction(SIGXFSZ, &size, &saved_size);
}

void np_signals_restore(void) {
  sigaction(SIGCHLD, &saved_child, NULL);
  sigaction(SIGXFSZ, &saved_size, NULL);
}

// The C library keeps the first real-time signals to itself and refuses to touch them, but a caller can have ignored
// them, and that survives an exec. All zero is SIG_DFL in the kernel's own structure, whatever its layout.
static void reset_in_kernel(int number) {
  static const unsigned long fresh[8];
  syscall(SYS_rt_sigaction, number, fresh, NULL, (size_t)(_NSIG / 8));
}

void np_signals_reset(void) {
  sigset_t none;
  for (int number = 1; number < _NSIG; number++) reset_in_kernel(number);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

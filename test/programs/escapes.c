// escapes: what descendants do to outlive whoever started them. All of them ignore SIGTERM and SIGHUP: one stays, one has a
// session of its own, one was forked twice, one both. The first one says when all are there.
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void stay(void) {
  if (write(1, "one\n", 4) != 4) _exit(1);
  for (;;) pause();
}

static void escape(bool own_session, bool twice) {
  if (fork() != 0) return;
  if (own_session) setsid();
  if (twice && fork() != 0) _exit(0);
  stay();
}

int main(void) {
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  escape(false, false);
  escape(true, false);
  escape(false, true);
  escape(true, true);
  stay();
}

// serves: answers each connection of the first passed socket with its own process id. SIGTERM: what was accepted is answered, then
// it ends; who waits in the queue is the next one's.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;

static void stop(int number) {
  (void)number;
  stopping = 1;
}

int main(void) {
  const struct sigaction action = { .sa_handler = stop };
  sigset_t blocked, open;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &open);
  sigaction(SIGTERM, &action, NULL);
  // Another instance may be faster.
  fcntl(3, F_SETFL, O_NONBLOCK);
  char answer[128], question[1024];
  snprintf(answer, sizeof answer, "HTTP/1.0 200 OK\r\n\r\n%d\n", (int)getpid());
  while (!stopping) {
    struct pollfd waiting = { .fd = 3, .events = POLLIN };
    if (ppoll(&waiting, 1, NULL, &open) <= 0) continue;
    int client = accept4(3, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) continue;
    // Closing with unread bytes would reset the connection: the question is read first.
    struct pollfd asked = { .fd = client, .events = POLLIN };
    if (poll(&asked, 1, 2000) > 0 && read(client, question, sizeof question) > 0)
      (void)!write(client, answer, strlen(answer));
    close(client);
  }
  return 0;
}

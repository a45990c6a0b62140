// Sends each argument to $NOTIFY_SOCKET; "+MS" waits, "?TEXT" prints, "!" ends, "@" begins again. Then it sleeps for ever.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void notify(const char *text) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const char *path = getenv("NOTIFY_SOCKET");
  if (path == NULL || strlen(path) >= sizeof address.sun_path) exit(3);
  strcpy(address.sun_path, path);
  if (*path == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, size) < 0) exit(4);
  close(fd);
}

int main(int count, char **arguments) {
  setbuf(stdout, NULL);
  for (int i = 1; i < count; i++) {
    const char *argument = arguments[i];
    if (*argument == '+') usleep((useconds_t)atoi(argument + 1) * 1000);
    else if (*argument == '?') puts(argument + 1);
    else if (*argument == '!') return 0;
    else if (*argument == '@') i = 0;
    else notify(argument);
  }
  for (;;) pause();
}

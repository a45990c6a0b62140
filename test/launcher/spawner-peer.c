// Children of the spawner, and whoever speaks to them or to it.
//   accept FD COUNT TEXT              answers COUNT connections with TEXT
//   connect HOST|PATH [PORT]          prints what it is answered
//   send HOST|PATH [PORT] TEXT        one datagram
//   shut FD                           shuts a socket down that others share
//   join FD                           connects a socket for datagrams to itself, for all who share it
//   receive FD                        prints one datagram
//   notify TEXT | notify-size BYTES   to NOTIFY_SOCKET
//   barrier                           prints when everything before it has been read
//   linger COUNT                      to NOTIFY_SOCKET: connections that take a minute to be closed
//   replace PATH TARGET               a socket at PATH by a link to TARGET, again and again, until the mode of TARGET is another
//   forge PID TEXT                    to NOTIFY_SOCKET, as if it was that process
//   dead DIR                          a file system at DIR that never answers, until it is killed
//   ignore FILE                       clings to life: ignores SIGTERM, as does a child in a session of its own; each a byte in FILE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  return 1;
}

static int make_local(struct sockaddr_un *name, socklen_t *size, const char *path) {
  *name = (struct sockaddr_un){ .sun_family = AF_UNIX };
  strncpy(name->sun_path, path, sizeof name->sun_path - 1);
  *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (path[0] == '@' ? 0 : 1));
  if (path[0] == '@') name->sun_path[0] = '\0';
  return 0;
}

static int connect_to(int type, const char *host, const char *port) {
  struct sockaddr_storage name;
  socklen_t size = 0;
  if (host[0] == '/' || host[0] == '@') make_local((struct sockaddr_un *)&name, &size, host);
  else {
    struct addrinfo *found;
    if (getaddrinfo(host, port, NULL, &found) != 0) return -1;
    memcpy(&name, found->ai_addr, size = found->ai_addrlen);
  }
  int fd = socket(name.ss_family, type, 0);
  return fd >= 0 && connect(fd, (struct sockaddr *)&name, size) == 0 ? fd : -1;
}

static int accept_some(int fd, int count, const char *text) {
  for (int i = 0; i < count; i++) {
    int peer = accept(fd, NULL, NULL);
    if (peer < 0) return fail("accept");
    if (write(peer, text, strlen(text)) < 0 || write(peer, "\n", 1) < 0) return fail("write");
    close(peer);
  }
  return 0;
}

static int print_all(int fd) {
  char text[4096];
  ssize_t size;
  while ((size = read(fd, text, sizeof text)) > 0) fwrite(text, 1, (size_t)size, stdout);
  return size < 0 ? fail("read") : 0;
}

static int print_one(int fd) {
  char text[4096];
  ssize_t size = recv(fd, text, sizeof text, 0);
  if (size < 0) return fail("recv");
  printf("%.*s\n", (int)size, text);
  return 0;
}

static int notify(const char *text, size_t size, int passed, int pid) {
  int fd = connect_to(SOCK_DGRAM, getenv("NOTIFY_SOCKET"), NULL);
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
  struct iovec part = { (void *)text, size };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  if (fd < 0) return fail("connect");
  if (passed >= 0 || pid > 0) {
    const struct ucred claim = { .pid = pid, .uid = getuid(), .gid = getgid() };
    message.msg_control = control;
    message.msg_controllen = passed >= 0 ? CMSG_SPACE(sizeof passed) : CMSG_SPACE(sizeof claim);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = passed >= 0 ? SCM_RIGHTS : SCM_CREDENTIALS;
    head->cmsg_len = passed >= 0 ? CMSG_LEN(sizeof passed) : CMSG_LEN(sizeof claim);
    if (passed >= 0) memcpy(CMSG_DATA(head), &passed, sizeof passed);
    else memcpy(CMSG_DATA(head), &claim, sizeof claim);
  }
  return sendmsg(fd, &message, 0) < 0 ? fail("sendmsg") : 0;
}

static int pass_barrier(void) {
  int ends[2];
  struct pollfd closed;
  if (pipe(ends) != 0 || notify("BARRIER=1", 9, ends[1], 0) != 0) return 1;
  close(ends[1]);
  closed = (struct pollfd){ .fd = ends[0], .events = POLLIN };
  printf(poll(&closed, 1, 5000) == 1 ? "passed\n" : "stuck\n");
  return 0;
}

// Its other end, which nobody reads, is kept open by a process of its own.
static int make_lingering(void) {
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  socklen_t size = sizeof name;
  static const char data[1 << 16];
  const struct linger minute = { .l_onoff = 1, .l_linger = 60 };
  int listener = socket(AF_INET, SOCK_STREAM, 0), end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&name, &size) != 0) return -1;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(end, (struct sockaddr *)&name, size) != 0) return -1;
  int other = accept(listener, NULL, NULL);
  close(listener);
  if (fork() == 0) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    close(end);
    alarm(40);
    pause();
  }
  close(other);
  while (send(end, data, sizeof data, MSG_DONTWAIT) > 0) continue;
  return setsockopt(end, SOL_SOCKET, SO_LINGER, &minute, sizeof minute) == 0 ? end : -1;
}

static int pass_lingering(int count) {
  for (int i = 0; i < count; i++) {
    int end = make_lingering();
    if (end < 0 || notify("STATUS=x", 8, end, 0) != 0) return fail("linger");
    // Not the last one to close it: the one that is on its way is.
    close(end);
  }
  return 0;
}

static int replace(const char *path, const char *target) {
  struct stat status, before;
  if (stat(target, &before) != 0) return fail("stat");
  alarm(30);
  do {
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && unlink(path) == 0) (void)!symlink(target, path);
  } while (stat(target, &status) == 0 && status.st_mode == before.st_mode);
  return 0;
}

static void ignore(const char *file) {
  signal(SIGTERM, SIG_IGN);
  if (fork() == 0) setsid();
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0 || write(fd, "x", 1) != 1) _exit(9);
  for (;;) pause();
}

static int mount_dead(const char *dir) {
  char options[64];
  int fd = open("/dev/fuse", O_RDWR);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
  if (fd < 0 || mount("dead", dir, "fuse", 0, options) != 0) return fail("fuse");
  printf("mounted\n");
  fflush(stdout);
  for (;;) pause();
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  static char large[1 << 16];
  if (strcmp(mode, "accept") == 0) return accept_some(atoi(argv[2]), atoi(argv[3]), argv[4]);
  if (strcmp(mode, "shut") == 0) return shutdown(atoi(argv[2]), SHUT_RDWR) == 0 ? 0 : fail("shutdown");
  if (strcmp(mode, "join") == 0) {
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    return getsockname(atoi(argv[2]), (struct sockaddr *)&own, &size) != 0 || connect(atoi(argv[2]), (struct sockaddr *)&own, size) != 0 ? fail("connect") : 0;
  }
  if (strcmp(mode, "receive") == 0) return print_one(atoi(argv[2]));
  if (strcmp(mode, "notify") == 0) return notify(argv[2], strlen(argv[2]), -1, 0);
  if (strcmp(mode, "notify-size") == 0) return notify(memset(large, 'x', sizeof large), (size_t)atoi(argv[2]), -1, 0);
  if (strcmp(mode, "forge") == 0) return notify(argv[3], strlen(argv[3]), -1, atoi(argv[2]));
  if (strcmp(mode, "replace") == 0) return replace(argv[2], argv[3]);
  if (strcmp(mode, "linger") == 0) return pass_lingering(atoi(argv[2]));
  if (strcmp(mode, "dead") == 0) return mount_dead(argv[2]);
  if (strcmp(mode, "barrier") == 0) return pass_barrier();
  if (strcmp(mode, "ignore") == 0) ignore(argv[2]);
  if (strcmp(mode, "connect") == 0) {
    int fd = connect_to(SOCK_STREAM, argv[2], argv[3]);
    return fd < 0 ? fail("connect") : print_all(fd);
  }
  if (strcmp(mode, "send") == 0) {
    const char *text = argv[argc - 1];
    int fd = connect_to(SOCK_DGRAM, argv[2], argc > 4 ? argv[3] : NULL);
    return fd < 0 ? fail("connect") : send(fd, text, strlen(text), 0) < 0 ? fail("send") : 0;
  }
  return 2;
}

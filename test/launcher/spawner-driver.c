// Speaks to the spawner as the supervisor does. Reads a script, one command a line, prints every event as a line.
//   spawner-driver LAUNCHER
//     VERB|ID|KEY=VALUE|…   a request; \n and \t in it are what they look like
//     wait VERB ID          until that event has come, or "failed" of the same id; "lost" when the spawner ends, "timeout"
//                           after 30 seconds
//     sh COMMAND            with PID_ID of every child, SPAWNER and the standard output of the driver
//     raw HEX               bytes as they are
//     congest N             N requests that each cause an error, sent beside what follows, then one for the id "last"
//     random SEED N         N frames of words that mean something in places where they may not, cut and damaged
//     pipe-size ID          of its standard output
//     close                 our end of the socket; then "spawner exit STATUS"
// A child's FIFOs are opened when they are announced; what was in them is printed behind its end, and it is released.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 30000
#define CHILDREN 64

static int sock;
static pid_t spawner;
static struct {
  char id[64], dir[512];
  int ends[2];
} children[CHILDREN];
static unsigned child_count;
static uint64_t seed = 1;

static void put_frame(const char *body, size_t size) {
  uint8_t head[4] = { (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24) };
  if (send(sock, head, 4, MSG_NOSIGNAL) != 4 || (size > 0 && send(sock, body, size, MSG_NOSIGNAL) != (ssize_t)size)) printf("send: %s\n", strerror(errno));
}

static void unescape(char *text) {
  char *to = text;
  for (char *at = text; *at != '\0'; at++) {
    if (at[0] == '\\' && (at[1] == 'n' || at[1] == 't')) *to++ = *++at == 'n' ? '\n' : '\t';
    else *to++ = *at;
  }
  *to = '\0';
}

static void remember(const char *id, const char *dir) {
  if (child_count == CHILDREN) child_count = 0;
  snprintf(children[child_count].id, sizeof children->id, "%s", id);
  snprintf(children[child_count].dir, sizeof children->dir, "%s", dir);
  children[child_count].ends[0] = children[child_count].ends[1] = -1;
  child_count++;
}

static void request(char *line) {
  static char body[1 << 16];
  size_t used = 0;
  const char *id = "";
  int index = 0;
  for (char *at = line, *next; at != NULL; at = next, index++) {
    next = strchr(at, '|');
    if (next != NULL) *next++ = '\0';
    unescape(at);
    if (index == 1) id = at;
    if (strncmp(at, "fifo-dir=", 9) == 0) remember(id, at + 9);
    size_t length = strlen(at) + 1;
    memcpy(body + used, at, length);
    used += length;
  }
  put_frame(body, used);
}

static void put_verb(const char *verb, const char *id) {
  char body[400];
  int size = snprintf(body, sizeof body, "%s%c%s", verb, 0, id);
  put_frame(body, (size_t)size + 1);
}

static void open_ends(const char *id) {
  static const char *const names[] = { "out", "err" };
  for (unsigned i = 0; i < child_count; i++) {
    if (strcmp(children[i].id, id) != 0) continue;
    for (int end = 0; end < 2; end++) {
      char path[600];
      snprintf(path, sizeof path, "%s/%s", children[i].dir, names[end]);
      children[i].ends[end] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
  }
  put_verb("opened", id);
}

static void print_pipe_size(const char *id) {
  for (unsigned i = 0; i < child_count; i++) if (strcmp(children[i].id, id) == 0) printf("pipe of %d\n", fcntl(children[i].ends[0], F_GETPIPE_SZ));
}

static void print_output(const char *id) {
  for (unsigned i = 0; i < child_count; i++) {
    if (strcmp(children[i].id, id) != 0) continue;
    for (int end = 0; end < 2; end++) {
      static char text[1 << 16];
      size_t used = 0;
      ssize_t size;
      if (children[i].ends[end] < 0) continue;
      while ((size = read(children[i].ends[end], text + used, sizeof text - 1 - used)) > 0) used += (size_t)size;
      text[used] = '\0';
      if (used > 0) printf("%s %s%s", end == 0 ? "out" : "err", text, text[used - 1] == '\n' ? "" : "\n");
      close(children[i].ends[end]);
      children[i].ends[end] = -1;
    }
    children[i].id[0] = '\0';
  }
}

// Prints one event; true when it is the one that is waited for.
static bool take_event(const char *body, size_t size, const char *verb, const char *wanted) {
  const char *id = body + strlen(body) + 1;
  bool found = strcmp(id, wanted) == 0 && (strcmp(body, verb) == 0 || strcmp(body, "failed") == 0);
  for (const char *at = body; at < body + size; at += strlen(at) + 1) printf("%s%s", at == body ? "" : " ", at);
  printf("\n");
  if (strcmp(body, "piped") == 0) open_ends(id);
  if (strcmp(body, "exited") == 0) {
    print_output(id);
    put_verb("release", id);
  }
  if (strcmp(body, "spawned") == 0) {
    char name[80];
    snprintf(name, sizeof name, "PID_%s", id);
    setenv(name, id + strlen(id) + 1 + strlen("pid="), 1);
  }
  return found;
}

static bool read_exactly(void *data, size_t size, int64_t until) {
  for (size_t used = 0; used < size;) {
    struct timespec now;
    struct pollfd ready = { .fd = sock, .events = POLLIN };
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = until - ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    if (left <= 0 || poll(&ready, 1, (int)left) <= 0) {
      printf("timeout\n");
      return false;
    }
    ssize_t got = read(sock, (char *)data + used, size - used);
    if (got <= 0) {
      printf("lost\n");
      return false;
    }
    used += (size_t)got;
  }
  return true;
}

static void await(const char *verb, const char *id) {
  static char body[1 << 16];
  struct timespec now;
  uint8_t head[4];
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t until = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + DEADLINE_MS;
  for (;;) {
    if (!read_exactly(head, 4, until)) return;
    size_t size = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    if (size > sizeof body || !read_exactly(body, size, until)) return;
    if (take_event(body, size, verb, id)) return;
  }
}

static void send_raw(const char *hex) {
  unsigned byte;
  for (; sscanf(hex, " %2x", &byte) == 1; hex += strspn(hex, " ") + 2) {
    uint8_t one = (uint8_t)byte;
    if (send(sock, &one, 1, MSG_NOSIGNAL) != 1) return;
  }
}

// Sends in the background: the spawner stops reading us when we do not read it.
static void congest(int count) {
  if (fork() == 0) {
    for (int i = 0; i < count; i++) put_frame("nonsense\0x", 11);
    put_frame("nonsense\0last", 14);
    _exit(0);
  }
}

static unsigned next_random(void) {
  static uint64_t state;
  if (seed != 0) state = seed;
  seed = 0;
  state = state * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)(state >> 33);
}

// First verbs, then ids, then fields. Paths that lead nowhere else, wherever they are cut.
static const char *const words[] = {
  "spawn", "opened", "signal", "release", "listen", "unlisten", "watch", "unwatch", "lock", "tell", "nonsense", "a", "b", "", "c", "arg=/bin/true", "arg=x", "env=A=B",
  "env=WATCHDOG_USEC=1", "fifo-dir=/proc/self/cwd/fifos", "stdout=fifo", "stderr=fifo", "stdin=null", "stdin=socket:a", "socket=a", "socket=b",
  "notify=/proc/self/cwd/notify", "notify=@np-random", "ready-fd=3", "ready-fd=9", "cwd=/", "umask=022", "umask=9", "nice=1", "oom-score-adj=1", "uid=65534", "groups=1,2",
  "groups=,", "rlimit=nofile=64", "rlimit=nofile=99999999999999999999999", "rlimit==", "kind=tcp", "kind=udp", "kind=unix", "kind=unixgram", "host=127.0.0.1",
  "host=::1", "host=%", "port=0", "port=65536", "path=/proc/self/cwd/socket", "replace=1", "reuse-port=1", "mode=600", "backlog=-1", "interface=lo", "scope=session",
  "scope=group", "signo=15", "signo=65", "state=READY=1", "=", "arg=", "program=", "program=/bin/true", "key-that-is-far-too-long-for-its-place=1",
};

#define VERBS 11
#define IDS 4

static void send_random(int count) {
  for (int i = 0; i < count; i++) {
    char body[2048];
    size_t used = 0;
    unsigned strings = next_random() % 14;
    for (unsigned at = 0; at < strings; at++) {
      unsigned any = next_random() % (sizeof words / sizeof *words), pick = any;
      if (next_random() % 32 > 0) pick = at == 0 ? any % VERBS : at == 1 ? VERBS + any % IDS : any < VERBS + IDS ? VERBS + IDS : any;
      size_t length = strlen(words[pick]) + 1;
      memcpy(body + used, words[pick], length);
      used += length;
    }
    if (used > 0 && next_random() % 8 == 0) used -= next_random() % used;
    if (used > 0 && next_random() % 8 == 0) body[next_random() % used] = '\0';
    put_frame(body, used);
  }
}

static void run(char *line) {
  char verb[64], id[64] = "";
  if (strncmp(line, "sh ", 3) == 0) {
    fflush(stdout);
    if (system(line + 3) < 0) printf("system: %s\n", strerror(errno));
  } else if (strncmp(line, "raw ", 4) == 0) send_raw(line + 4);
  else if (strncmp(line, "pipe-size ", 10) == 0) print_pipe_size(line + 10);
  else if (strncmp(line, "congest ", 8) == 0) congest(atoi(line + 8));
  else if (sscanf(line, "random %63s %63s", verb, id) == 2) {
    seed = strtoull(verb, NULL, 10);
    send_random(atoi(id));
  } else if (sscanf(line, "wait %63s %63s", verb, id) >= 1) await(verb, id);
  else if (strcmp(line, "close") == 0) {
    int status;
    close(sock);
    waitpid(spawner, &status, 0);
    printf("spawner exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  } else request(line);
  fflush(stdout);
}

int main(int argc, char **argv) {
  static char line[1 << 16];
  char self[16];
  int ends[2];
  snprintf(self, sizeof self, "%d", getpid());
  if (argc != 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 2;
  spawner = fork();
  if (spawner == 0) {
    if (ends[1] == 3) fcntl(3, F_SETFD, 0);
    else dup2(ends[1], 3);
    execl(argv[1], argv[1], "spawner", self, (char *)NULL);
    _exit(99);
  }
  close(ends[1]);
  // The spawner may have been given an ignored one.
  signal(SIGCHLD, SIG_DFL);
  sock = ends[0];
  snprintf(self, sizeof self, "%d", spawner);
  setenv("SPAWNER", self, 1);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    run(line);
  }
  return 0;
}

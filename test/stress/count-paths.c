// count-paths MOUNT: counts, until its standard input ends, how often a directory with the name of a store path was created
// anywhere in the file system, and how often something was moved to a name; prints "created TIMES NAME" and "moved TIMES NAME".
// Prints "ready" first.
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#define HASH 32
#define NAMES_MAX 4096

struct counted {
  char name[256];
  unsigned created, moved;
};

static struct counted names[NAMES_MAX];
static size_t count;

static struct counted *find(const char *name) {
  for (size_t i = 0; i < count; i++) if (strcmp(names[i].name, name) == 0) return &names[i];
  if (count == NAMES_MAX) exit(2);
  snprintf(names[count].name, sizeof names[count].name, "%s", name);
  return &names[count++];
}

static void take(const struct fanotify_event_metadata *event) {
  const struct fanotify_event_info_fid *info = (const void *)(event + 1);
  const struct file_handle *handle = (const void *)info->handle;
  const char *name = (const char *)handle->f_handle + handle->handle_bytes;
  if (event->mask & FAN_Q_OVERFLOW) exit(2);
  if (!(event->mask & FAN_ONDIR) || info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME) return;
  if (event->mask & FAN_CREATE && strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz") == HASH && name[HASH] == '-') find(name)->created++;
  if (event->mask & FAN_MOVED_TO) find(name)->moved++;
}

static void drain(int fd) {
  static char buffer[1 << 18] __attribute__((aligned(8)));
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
    struct fanotify_event_metadata *event = (void *)buffer;
    for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) take(event);
  }
}

int main(int argc, char **argv) {
  int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_UNLIMITED_QUEUE | FAN_NONBLOCK, O_RDONLY);
  if (argc != 2 || fd < 0 || fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_CREATE | FAN_MOVED_TO | FAN_ONDIR, AT_FDCWD, argv[1]) != 0) {
    perror("fanotify");
    return 2;
  }
  puts("ready");
  fflush(stdout);
  struct pollfd polled[] = { { .fd = fd, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
  while (poll(polled, 2, -1) > 0) {
    drain(fd);
    if (polled[1].revents != 0) break;
  }
  drain(fd);
  for (size_t i = 0; i < count; i++) {
    if (names[i].created > 0) printf("created %u %s\n", names[i].created, names[i].name);
    if (names[i].moved > 0) printf("moved %u %s\n", names[i].moved, names[i].name);
  }
  return 0;
}

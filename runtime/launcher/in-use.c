// Names of files and not devices and inodes: a process in another mount namespace, or behind an overlay, has the same names with
// something else in front of them. Processes of other users hide their mappings from everybody but root, and some of our own user
// do so, too; one that was there when the paths were last used is a reason to give up.
#include "in-use.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"

#define PROC_MAGIC 0x9fa0
#define BUFFER_SIZE 65536

struct search {
  int64_t age;
  const struct np_names *names;
  struct np_names *used;
};

// " (deleted)" may follow: a space ends a name, which none holds.
static int search_part(const struct search *s, const char *text, size_t size) {
  static const char ends[] = "/ \n";
  for (const char *at = text, *end = text + size; at < end;) {
    const char *next = at;
    while (next < end && memchr(ends, *next, sizeof ends - 1) == NULL) next++;
    size_t length = (size_t)(next - at);
    if (length > 0 && np_names_has(s->names, at, length) && np_names_add(s->used, at, length) != 0) return -1;
    at = next + 1;
  }
  return 0;
}

// In pieces that end with a line, each of which is shorter than the buffer.
static int search_maps(const struct search *s, int fd, char *buffer) {
  size_t used = 0;
  for (;;) {
    ssize_t got = read(fd, buffer + used, BUFFER_SIZE - used);
    if (got < 0 && errno == EINTR) continue;
    // It has ended meanwhile.
    if (got < 0) return errno == ESRCH ? 0 : -1;
    used += (size_t)got;
    const char *last = got == 0 ? buffer + used : memrchr(buffer, '\n', used);
    size_t whole = last == NULL ? used : (size_t)(last - buffer) + (got == 0 ? 0 : 1);
    if (search_part(s, buffer, whole) != 0) return -1;
    if (got == 0) return 0;
    memmove(buffer, buffer + whole, used - whole);
    used -= whole;
  }
}

// Seconds since the process was started.
static int64_t age_of(int proc, const char *pid) {
  char name[64], text[1024];
  struct timespec now;
  unsigned long long started = 0;
  snprintf(name, sizeof name, "%.20s/stat", pid);
  if (np_read_text(proc, name, text, sizeof text) <= 0) return INT64_MAX;
  // The second field is the name of the program, in parentheses, with anything in it; the 22nd counts ticks since the boot.
  const char *at = strrchr(text, ')');
  for (int field = 2; at != NULL && field < 22; field++) at = strchr(at + 1, ' ');
  if (at == NULL || sscanf(at, "%llu", &started) != 1) return INT64_MAX;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec - (int64_t)(started / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static int search_process(const struct search *s, int proc, const char *pid, char *buffer) {
  char name[64];
  struct stat status;
  // A program may have moved its own code to anonymous memory.
  snprintf(name, sizeof name, "%.20s/exe", pid);
  ssize_t length = readlinkat(proc, name, buffer, BUFFER_SIZE);
  if (length > 0 && search_part(s, buffer, (size_t)length) != 0) return -1;
  snprintf(name, sizeof name, "%.20s/maps", pid);
  cleanup_fd int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return search_maps(s, fd, buffer);
  if (errno == ENOENT || errno == ESRCH) return 0;
  return fstatat(proc, pid, &status, 0) == 0 && status.st_uid == geteuid() && age_of(proc, pid) >= s->age ? -1 : 0;
}

static int search_all(const struct search *s, int proc, char *buffer) {
  struct np_names processes = { .text = NULL };
  int result = np_names_of_directory(&processes, proc);
  const char *at = processes.text;
  for (size_t i = 0; result == 0 && i < processes.count; i++, at += strlen(at) + 1)
    if (isdigit((unsigned char)at[0])) result = search_process(s, proc, at, buffer);
  np_names_free(&processes);
  return result;
}

int np_in_use(const struct np_names *names, int64_t age, struct np_names *used) {
  const struct search s = { age, names, used };
  struct statfs status;
  // Something else may be mounted there, or the /proc of other processes than ours.
  cleanup_fd int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0 || fstatfs(proc, &status) != 0 || status.f_type != PROC_MAGIC || faccessat(proc, "self/maps", R_OK, 0) != 0) return -1;
  char *buffer = malloc(BUFFER_SIZE);
  int result = buffer == NULL ? -1 : search_all(&s, proc, buffer);
  free(buffer);
  return result == 0 ? np_names_sort(used) : -1;
}

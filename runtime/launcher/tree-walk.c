// The two operations on a whole tree: sealing a finished one, removing an unwanted one. Down by name and up by "..", so
// that neither descriptors nor stack limit how deep it may be.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "tree.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const struct timespec store_times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

struct level {
  dev_t device;
  ino_t inode;
  char *names;  // of its subdirectories, one behind the other
  size_t size, room, next, current;
};

struct walk {
  int at;
  struct level *levels;
  size_t depth, room;
  bool removing;
  bool failed;  // something could not be removed
};

static bool is_dots(const char *name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static bool is_directory(int dir, const struct dirent *entry) {
  struct stat status;
  if (entry->d_type != DT_UNKNOWN) return entry->d_type == DT_DIR;
  return fstatat(dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static int add_name(struct level *level, const char *name) {
  size_t length = strlen(name) + 1;
  if (level->size + length > level->room) {
    char *grown = realloc(level->names, 2 * level->room + length + 256);
    if (grown == NULL) return -1;
    level->names = grown;
    level->room = 2 * level->room + length + 256;
  }
  memcpy(level->names + level->size, name, length);
  level->size += length;
  return 0;
}

// Its files are removed at once.
static int read_directory(struct walk *w, int fd, struct level *level) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), result = 0;
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  if (dir == NULL) {
    np_close_cleanup(&copy);
    return -1;
  }
  for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;) {
    if (is_dots(entry->d_name)) continue;
    if (is_directory(fd, entry)) result = add_name(level, entry->d_name);
    else if (w->removing && unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT) w->failed = true;
  }
  closedir(dir);
  return result;
}

static int open_directory(const struct walk *w, int parent, const char *name, struct level *level) {
  struct stat status, above;
  int fd = openat(parent, name, OPEN_DIR);
  if (fd < 0 && errno == EACCES && w->removing && fchmodat(parent, name, 0700, 0) == 0) fd = openat(parent, name, OPEN_DIR);
  if (fd < 0) return -1;
  // Accident prevented: something of the host is mounted there.
  if (fstat(fd, &status) != 0 || (w->removing && (fstatat(fd, "..", &above, 0) != 0 || status.st_dev != above.st_dev))) {
    close(fd);
    errno = EXDEV;
    return -1;
  }
  level->device = status.st_dev;
  level->inode = status.st_ino;
  // Store directories are 0555; without this their owner cannot empty them.
  if (w->removing && (status.st_mode & 0700) != 0700) (void)fchmod(fd, 0700);
  return fd;
}

static int enter(struct walk *w, int parent, const char *name) {
  struct level level = { .next = 0 };
  if (w->depth == w->room) {
    struct level *grown = realloc(w->levels, (2 * w->room + 16) * sizeof *grown);
    if (grown == NULL) return -1;
    w->levels = grown;
    w->room = 2 * w->room + 16;
  }
  int fd = open_directory(w, parent, name, &level);
  if (fd < 0) return -1;
  if (read_directory(w, fd, &level) != 0) {
    free(level.names);
    np_close_cleanup(&fd);
    return -1;
  }
  if (w->at >= 0) close(w->at);
  w->at = fd;
  w->levels[w->depth++] = level;
  return 0;
}

// To the directory above, unless this was the topmost.
static int leave(struct walk *w) {
  struct stat status;
  int up = -1;
  free(w->levels[--w->depth].names);
  if (w->depth > 0) {
    const struct level *above = &w->levels[w->depth - 1];
    up = openat(w->at, "..", OPEN_DIR);
    if (up < 0) return -1;
    // Moved meanwhile: ".." leads out of the tree.
    if (fstat(up, &status) != 0 || status.st_dev != above->device || status.st_ino != above->inode) {
      close(up);
      errno = ESTALE;
      return -1;
    }
    if (w->removing && unlinkat(up, above->names + above->current, AT_REMOVEDIR) != 0 && errno != ENOENT) w->failed = true;
  }
  close(w->at);
  w->at = up;
  return 0;
}

static int finish(const struct walk *w, unsigned mode) {
  if (w->removing) return 0;
  if (w->depth > 1 && fchmod(w->at, mode) != 0) return -1;
  return futimens(w->at, store_times);
}

static int walk(struct walk *w, int root, const char *name, unsigned mode) {
  int result = enter(w, root, name);
  while (result == 0 && w->depth > 0) {
    struct level *level = &w->levels[w->depth - 1];
    if (level->next == level->size) {
      result = finish(w, mode) == 0 ? leave(w) : -1;
      continue;
    }
    level->current = level->next;
    level->next += strlen(level->names + level->next) + 1;
    if (enter(w, w->at, level->names + level->current) == 0) continue;
    if (w->removing) w->failed = true;
    else result = -1;
  }
  int saved = errno;
  while (w->depth > 0) free(w->levels[--w->depth].names);
  free(w->levels);
  if (w->at >= 0) close(w->at);
  errno = saved;
  return result;
}

int np_tree_seal(int root, const char *base, unsigned mode, struct np_error *error) {
  struct walk w = { .at = -1 };
  struct stat status;
  if (fstatat(root, base, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return np_fail(error, NP_UNPACK_REFUSED, "cannot unpack \"%s\": the archive does not hold it", base);
  if (!S_ISDIR(status.st_mode) || walk(&w, root, base, mode) == 0) return 0;
  return np_fail(error, NP_CACHE_UNWRITABLE, "cannot set the modes of \"%s\": %s", base, strerror(errno));
}

int np_tree_remove(int root, const char *name) {
  struct walk w = { .at = -1, .removing = true };
  if (unlinkat(root, name, 0) == 0 || errno == ENOENT) return 0;
  int result = walk(&w, root, name, 0);
  if (unlinkat(root, name, AT_REMOVEDIR) != 0 && errno != ENOENT) result = -1;
  return w.failed ? -1 : result;
}

// By the one time stamp that neither damage nor repair changes: a path that was created after its mark is somebody else's, Nix's say.
// Where the file system does not know it, the mark alone counts.
#include "own-path.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIRTH 0x800U

// As the kernel defines it; older C libraries do not.
struct extended {
  uint32_t mask, before[19];
  int64_t born;
  uint32_t born_ns, after[41];
};
_Static_assert(sizeof(struct extended) == 256, "the size of the kernel's structure");

static bool is_older(int store, const char *name, const struct stat *mark) {
  struct extended path = { .mask = 0 };
  if (syscall(SYS_statx, store, name, AT_SYMLINK_NOFOLLOW, BIRTH, &path) != 0 || (path.mask & BIRTH) == 0) return true;
  return path.born != mark->st_ctim.tv_sec ? path.born < mark->st_ctim.tv_sec : path.born_ns <= (uint32_t)mark->st_ctim.tv_nsec;
}

bool np_is_own_path(int store, int durable, int pending, const char *name) {
  const int marks[] = { durable, pending };
  struct stat mark;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (fstatat(marks[i], name, &mark, AT_SYMLINK_NOFOLLOW) == 0 && is_older(store, name, &mark)) return true;
  return false;
}

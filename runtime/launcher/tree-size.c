#include "tree-size.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "tree-list.h"

static int count(int dir, const char *name, uint64_t *bytes, bool *is_directory) {
  struct stat status;
  if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  *is_directory = S_ISDIR(status.st_mode);
  if (S_ISREG(status.st_mode)) *bytes += (uint64_t)status.st_size;
  return 0;
}

static int count_tree(struct np_tree_list *list, const char *name, uint64_t *bytes) {
  bool is_directory;
  if (count(list->at, name, bytes, &is_directory) != 0) return -1;
  if (is_directory && np_tree_list_enter(list, name) != 0) return -1;
  while (list->depth > 0) {
    const char *entry = np_tree_list_next(list);
    if (entry == NULL) {
      if (np_tree_list_leave(list) != 0) return -1;
      continue;
    }
    if (count(list->at, entry, bytes, &is_directory) != 0) return -1;
    if (is_directory && np_tree_list_enter(list, entry) != 0) return -1;
  }
  return 0;
}

int np_tree_size(int dir, const char *name, uint64_t *bytes) {
  struct np_tree_list list;
  *bytes = 0;
  if (np_tree_list_open(&list, dir) != 0) return -1;
  int result = count_tree(&list, name, bytes);
  int saved = errno;
  np_tree_list_close(&list);
  errno = saved;
  return result;
}

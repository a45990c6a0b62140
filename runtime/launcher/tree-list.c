#include "tree-list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int np_tree_list_open(struct np_tree_list *list, int dir) {
  memset(list, 0, sizeof *list);
  list->at = dir == AT_FDCWD ? open(".", OPEN_DIR) : fcntl(dir, F_DUPFD_CLOEXEC, 3);
  return list->at < 0 ? -1 : 0;
}

int np_tree_list_enter(struct np_tree_list *list, const char *name) {
  struct stat parent;
  struct np_tree_level level = { .next = 0 };
  if (list->depth == list->room) {
    struct np_tree_level *grown = realloc(list->levels, (2 * list->room + 16) * sizeof *grown);
    if (grown == NULL) return -1;
    list->levels = grown;
    list->room = 2 * list->room + 16;
  }
  if (fstat(list->at, &parent) != 0) return -1;
  level.parent_device = parent.st_dev;
  level.parent = parent.st_ino;
  int fd = openat(list->at, name, OPEN_DIR);
  if (fd < 0) return -1;
  if (np_names_of_directory(&level.names, fd) != 0 || np_names_sort(&level.names) != 0) {
    np_names_free(&level.names);
    np_close_cleanup(&fd);
    return -1;
  }
  close(list->at);
  list->at = fd;
  list->levels[list->depth++] = level;
  return 0;
}

int np_tree_list_leave(struct np_tree_list *list) {
  struct np_tree_level *level = &list->levels[list->depth - 1];
  struct stat parent;
  if (list->depth == 1) {
    np_names_free(&list->levels[--list->depth].names);
    return 0;
  }
  int fd = openat(list->at, "..", OPEN_DIR);
  if (fd < 0) return -1;
  // Moved meanwhile: ".." would lead out of the tree.
  if (fstat(fd, &parent) != 0 || parent.st_dev != level->parent_device || parent.st_ino != level->parent) {
    close(fd);
    errno = ESTALE;
    return -1;
  }
  np_names_free(&level->names);
  list->depth--;
  close(list->at);
  list->at = fd;
  return 0;
}

const char *np_tree_list_next(struct np_tree_list *list) {
  struct np_tree_level *level = &list->levels[list->depth - 1];
  return level->next < level->names.count ? level->names.sorted[level->next++] : NULL;
}

void np_tree_list_close(struct np_tree_list *list) {
  while (list->depth > 0) np_names_free(&list->levels[--list->depth].names);
  free(list->levels);
  np_close_cleanup(&list->at);
}

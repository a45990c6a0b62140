#include "tree-list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void free_level(struct np_tree_level *level) {
  free(level->names);
  free(level->text);
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// One name behind the other, each with its NUL.
struct text {
  char *bytes;
  size_t size, room, count;
};

static int add_name(struct text *text, const char *name) {
  size_t size = strlen(name) + 1;
  if (text->size + size > text->room) {
    size_t room = 2 * text->room + 1024;
    char *grown = realloc(text->bytes, room);
    if (grown == NULL) return -1;
    text->bytes = grown;
    text->room = room;
  }
  memcpy(text->bytes + text->size, name, size);
  text->size += size;
  text->count++;
  return 0;
}

static int collect_names(struct text *text, int fd) {
  int copy = openat(fd, ".", OPEN_DIR), result = 0;
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  if (dir == NULL) {
    np_close_cleanup(&copy);
    return -1;
  }
  errno = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL; errno = 0)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) result = add_name(text, entry->d_name);
  if (errno != 0) result = -1;
  int saved = errno;
  closedir(dir);
  errno = saved;
  return result;
}

static int read_names(struct np_tree_level *level, int fd) {
  struct text text = { .bytes = NULL };
  int result = collect_names(&text, fd);
  level->text = text.bytes;
  level->names = result == 0 ? calloc(text.count + 1, sizeof *level->names) : NULL;
  if (level->names == NULL) return -1;
  for (const char *at = text.bytes; level->count < text.count; at += strlen(at) + 1) level->names[level->count++] = at;
  qsort(level->names, level->count, sizeof *level->names, by_bytes);
  return 0;
}

int np_tree_list_open(struct np_tree_list *list, int dir) {
  memset(list, 0, sizeof *list);
  list->at = dir == AT_FDCWD ? open(".", OPEN_DIR) : fcntl(dir, F_DUPFD_CLOEXEC, 3);
  return list->at < 0 ? -1 : 0;
}

int np_tree_list_enter(struct np_tree_list *list, const char *name) {
  struct stat parent;
  struct np_tree_level level = { .names = NULL };
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
  if (read_names(&level, fd) != 0) {
    free_level(&level);
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
    free_level(&list->levels[--list->depth]);
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
  free_level(level);
  list->depth--;
  close(list->at);
  list->at = fd;
  return 0;
}

const char *np_tree_list_next(struct np_tree_list *list) {
  struct np_tree_level *level = &list->levels[list->depth - 1];
  return level->next < level->count ? level->names[level->next++] : NULL;
}

void np_tree_list_close(struct np_tree_list *list) {
  while (list->depth > 0) free_level(&list->levels[--list->depth]);
  free(list->levels);
  np_close_cleanup(&list->at);
}

#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"

int np_names_add(struct np_names *names, const char *name, size_t length) {
  if (names->size + length + 1 > names->room) {
    size_t room = 2 * names->room + length + 1024;
    char *grown = realloc(names->text, room);
    if (grown == NULL) return -1;
    names->text = grown;
    names->room = room;
  }
  memcpy(names->text + names->size, name, length);
  names->text[names->size + length] = '\0';
  names->size += length + 1;
  names->count++;
  return 0;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int np_names_sort(struct np_names *names) {
  names->sorted = calloc(names->count + 1, sizeof *names->sorted);
  if (names->sorted == NULL) return -1;
  const char *at = names->text;
  for (size_t i = 0; i < names->count; i++, at += strlen(at) + 1) names->sorted[i] = at;
  qsort(names->sorted, names->count, sizeof *names->sorted, by_bytes);
  return 0;
}

// The wanted name has no NUL behind it.
bool np_names_has(const struct np_names *names, const char *name, size_t length) {
  size_t low = 0, high = names->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strncmp(names->sorted[middle], name, length);
    if (order == 0 && names->sorted[middle][length] == '\0') return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

void np_names_free(struct np_names *names) {
  free(names->sorted);
  free(names->text);
  *names = (struct np_names){ .text = NULL };
}

int np_names_of_directory(struct np_names *names, int fd) {
  int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  if (dir == NULL) {
    np_close_cleanup(&copy);
    return -1;
  }
  errno = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL; errno = 0)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) result = np_names_add(names, entry->d_name, strlen(entry->d_name));
  if (errno != 0) result = -1;
  int saved = errno;
  closedir(dir);
  errno = saved;
  return result;
}

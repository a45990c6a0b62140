// A set of names: filled, sorted once, then asked.
#ifndef NP_NAMES_H
#define NP_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct np_names {
  char *text;  // one name behind the other, each with its NUL
  size_t size, room, count;
  const char **sorted;  // by their bytes; NULL before np_names_sort
};

// -1: out of memory.
int np_names_add(struct np_names *names, const char *name, size_t length);
int np_names_sort(struct np_names *names);
bool np_names_has(const struct np_names *names, const char *name, size_t length);
void np_names_free(struct np_names *names);

// The entries of an open directory but "." and "..", not sorted. -1 with errno.
int np_names_of_directory(struct np_names *names, int dir);

#endif

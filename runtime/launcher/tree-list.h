// Visits the directories of a tree with one descriptor, however deep it is: down by name, up by "..". No symlink is followed.
#ifndef NP_TREE_LIST_H
#define NP_TREE_LIST_H

#include <stddef.h>
#include <sys/types.h>

#include "names.h"

struct np_tree_level {
  struct np_names names;
  size_t next;
  dev_t parent_device;
  ino_t parent;
};

struct np_tree_list {
  int at;  // the directory that is visited now
  struct np_tree_level *levels;
  size_t depth, room;
};

// All of them: -1 with errno. `dir` is not taken over; it is not visited again when the first directory is left.
int np_tree_list_open(struct np_tree_list *list, int dir);
int np_tree_list_enter(struct np_tree_list *list, const char *name);
int np_tree_list_leave(struct np_tree_list *list);
void np_tree_list_close(struct np_tree_list *list);

// NULL after the last one.
const char *np_tree_list_next(struct np_tree_list *list);

#endif

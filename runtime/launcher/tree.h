// Writes the entries of one store path below a directory descriptor. Nothing is ever written through a symlink, over an
// existing entry, or outside of the store path's own name.
#ifndef NP_TREE_H
#define NP_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "rewrite.h"

struct np_tree {
  int root;          // directory that holds the store path; not owned
  const char *base;  // the store path's base name
  bool shared;       // several frames write here: their common directories exist already
  int file;          // being written, or -1
  int parent_fd;     // of the last entry, or -1
  char parent[PATH_MAX];
  const struct np_rewriter *rewriter;  // of references in files and symlinks, or NULL
  struct np_rewrite_stream stream;
};

void np_tree_init(struct np_tree *tree, int root, const char *base, bool shared, const struct np_rewriter *rewriter);
void np_tree_close(struct np_tree *tree);
int np_tree_directory(struct np_tree *tree, const char *name, struct np_error *error);
int np_tree_symlink(struct np_tree *tree, const char *name, const char *target, struct np_error *error);
int np_tree_file_begin(struct np_tree *tree, const char *name, struct np_error *error);
int np_tree_file_write(struct np_tree *tree, const char *name, const void *data, size_t size, struct np_error *error);
int np_tree_file_end(struct np_tree *tree, const char *name, unsigned mode, struct np_error *error);

// A complete tree: directories (all but the topmost, which must stay movable) get `mode`, all get the store's time stamp.
int np_tree_seal(int root, const char *base, unsigned mode, struct np_error *error);
// Whatever is there, without following symlinks or crossing mounts; 0 when it is gone.
int np_tree_remove(int root, const char *name);

#endif

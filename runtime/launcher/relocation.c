#include "relocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_SIZE 32
#define STORE_PREFIX NP_STORE_DIR "/"
// Of a tree that leaves every hash complete.
#define TREE_MIN (NP_REFERENCE_SIZE - HASH_SIZE - 1)

int np_relocation_tree(char tree[NP_TREE_MAX + 1], const char *cache_path, unsigned number) {
  size_t length = strlen(cache_path);
  int digits = length + 2 < TREE_MIN ? (int)(TREE_MIN - length - 1) : 1;
  if (length + 1 + (size_t)digits > NP_TREE_MAX) return -1;
  snprintf(tree, NP_TREE_MAX + 1, "%s/%0*u", cache_path, digits, number);
  return 0;
}

static size_t head_of(const char *tree) {
  return NP_REFERENCE_SIZE - 1 - strlen(tree);
}

static void write_name(char *name, const char *base, size_t head) {
  memcpy(name, base, head);
  strcpy(name + head, base + HASH_SIZE);
}

// The heads alone must differ, whatever the names behind them: a reference is restored from its head.
static bool is_ambiguous(const struct np_bundle *b, size_t head) {
  for (uint32_t i = 1; i < b->path_count; i++)
    if (memcmp(b->paths[i - 1].name, b->paths[i].name, head) == 0) return true;
  return false;
}

const char *np_relocation_problem(const struct np_bundle *b, const char *cache_path) {
  // The path ends up in scripts, search paths and first lines of scripts.
  static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/._+@%=,-";
  char tree[NP_TREE_MAX + 1];
  if (cache_path[0] != '/') return "its path is not absolute";
  if (cache_path[strspn(cache_path, plain)] != '\0') return "its path holds characters that scripts would misread";
  // At the wrong offset of a file it would be the mark of a tar archive, which is not restored from.
  if (strstr(cache_path, "ustar") != NULL) return "its path holds the mark of tar archives";
  if (np_relocation_tree(tree, cache_path, 0) != 0) return "its path is too long";
  if (is_ambiguous(b, head_of(tree))) return "its path is too long to tell the store paths of this bundle apart";
  return NULL;
}

static int create_rewriters(struct np_relocation *r, const struct np_bundle *b) {
  char (*original)[NP_REFERENCE_SIZE] = calloc(b->path_count, sizeof *original);
  char (*relocated)[NP_REFERENCE_SIZE] = calloc(b->path_count, sizeof *relocated);
  char prefix[NP_TREE_MAX + 2];
  int result = -1;
  size_t tree_size = strlen(r->tree);
  snprintf(prefix, sizeof prefix, "%s/", r->tree);
  if (original != NULL && relocated != NULL) {
    for (uint32_t i = 0; i < b->path_count; i++) {
      memcpy(original[i], STORE_PREFIX, strlen(STORE_PREFIX));
      memcpy(original[i] + strlen(STORE_PREFIX), b->paths[i].name, HASH_SIZE);
      memcpy(relocated[i], prefix, tree_size + 1);
      memcpy(relocated[i] + tree_size + 1, b->paths[i].name, r->head);
    }
    result = np_rewriter_create(&r->forward, STORE_PREFIX, b->path_count, original, relocated);
    if (result == 0) result = np_rewriter_create(&r->backward, prefix, b->path_count, relocated, original);
  }
  free(original);
  free(relocated);
  return result;
}

int np_relocation_create(struct np_relocation *r, const struct np_bundle *b, const char *tree) {
  memset(r, 0, sizeof *r);
  snprintf(r->tree, sizeof r->tree, "%s", tree);
  r->head = head_of(tree);
  r->count = b->path_count;
  r->names = calloc(b->path_count, sizeof *r->names);
  int result = r->names == NULL ? -1 : 0;
  for (uint32_t i = 0; result == 0 && i < b->path_count; i++) {
    r->names[i] = malloc(strlen(b->paths[i].name) + 1);
    if (r->names[i] == NULL) result = -1;
    else write_name(r->names[i], b->paths[i].name, r->head);
  }
  if (result == 0) result = create_rewriters(r, b);
  if (result != 0) np_relocation_free(r);
  return result;
}

void np_relocation_free(struct np_relocation *r) {
  for (uint32_t i = 0; r->names != NULL && i < r->count; i++) free(r->names[i]);
  free(r->names);
  np_rewriter_free(&r->forward);
  np_rewriter_free(&r->backward);
  memset(r, 0, sizeof *r);
}

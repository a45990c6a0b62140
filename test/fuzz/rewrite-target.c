// Relocation against the plainest rewriter there is: forwards and backwards, cut anywhere. The input: seed of the cuts, the
// cache directory, the store paths, and a program that writes the text, because no mutation would hit upon a reference.
#include <string.h>

#include "fuzz.h"
#include "relocation.h"

#define TEXT_MAX (8U << 10)
#define PATHS_MAX 8

struct text {
  char *data;
  size_t size;
};

static struct np_path paths[PATHS_MAX];
static char names[PATHS_MAX][40];

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct np_path *)a)->name, ((const struct np_path *)b)->name);
}

// Hashes that differ in one character only, so that long trees make them ambiguous.
static uint32_t make_paths(struct np_input *in) {
  static const char alphabet[] = "0123456789abcdfghijklmnpqrsvwxyz";
  uint32_t count = (uint32_t)np_take(in, 1) % PATHS_MAX + 1, unique = 0;
  for (uint32_t i = 0; i < count; i++) {
    unsigned fill = (unsigned)np_take(in, 1), at = (unsigned)np_take(in, 1), other = (unsigned)np_take(in, 1);
    memset(names[i], alphabet[fill % 4 * 7], 32);
    names[i][at % 32] = alphabet[other % 32];
    strcpy(names[i] + 32, "-name");
    paths[i] = (struct np_path){ .name = names[i] };
  }
  qsort(paths, count, sizeof *paths, by_name);
  for (uint32_t i = 0; i < count; i++)
    if (unique == 0 || strcmp(paths[unique - 1].name, paths[i].name) != 0) paths[unique++] = paths[i];
  return unique;
}

// Short, long and impossible ones; slashes and digits are frequent, as in trees that look like parts of themselves.
static void make_cache_path(struct np_input *in, char path[64]) {
  static const char parts[] = "/0/a/.cache/nixpack/ustar";
  size_t length = (size_t)np_take(in, 1) % 48;
  path[0] = '/';
  for (size_t i = 1; i <= length; i++) path[i] = parts[np_take(in, 1) % (sizeof parts - 1)];
  path[length + 1] = '\0';
}

static void put(struct text *t, const char *data, size_t size) {
  if (size > TEXT_MAX - t->size) size = TEXT_MAX - t->size;
  memcpy(t->data + t->size, data, size);
  t->size += size;
}

static void put_fill(struct text *t, size_t size) {
  if (size > TEXT_MAX - t->size) size = TEXT_MAX - t->size;
  memset(t->data + t->size, 'f', size);
  t->size += size;
}

// Bytes below 8 are instructions, others stand for themselves.
static void write_text(struct np_input *in, struct text *t, const struct np_relocation *r) {
  while (in->size > 0 && t->size < TEXT_MAX) {
    const char literal = (char)np_take(in, 1);
    const struct np_rewrite_pair *pair = r->forward.pairs + np_take(in, literal >= 0 && literal < 4 ? 1 : 0) % r->forward.count;
    switch (literal) {
      case 0: put(t, pair->from, NP_REFERENCE_SIZE); break;
      case 1: put(t, pair->from, np_take(in, 1) % NP_REFERENCE_SIZE); break;
      case 2: put(t, pair->to, NP_REFERENCE_SIZE); break;
      case 3: put(t, pair->to, np_take(in, 1) % NP_REFERENCE_SIZE); break;
      case 4: put_fill(t, np_take(in, 1)); break;
      case 5: put_fill(t, NP_REWRITE_BUFFER - np_take(in, 1)); break;
      default: put(t, &literal, 1);
    }
  }
}

static const char *find_pair(const struct np_rewriter *r, const char *at, size_t size) {
  for (size_t i = 0; size >= NP_REFERENCE_SIZE && i < r->count; i++)
    if (memcmp(at, r->pairs[i].from, NP_REFERENCE_SIZE) == 0) return r->pairs[i].to;
  return NULL;
}

static struct text rewrite_plainly(const struct np_rewriter *r, const struct text *t) {
  struct text out = { malloc(t->size + 1), t->size };
  np_require(out.data != NULL);
  for (size_t at = 0; at < t->size;) {
    const char *to = t->data[at] == '/' ? find_pair(r, t->data + at, t->size - at) : NULL;
    size_t size = to != NULL ? NP_REFERENCE_SIZE : 1;
    memcpy(out.data + at, to != NULL ? to : t->data + at, size);
    at += size;
  }
  return out;
}

static int sink(void *context, const void *data, size_t size) {
  struct text *out = context;
  np_require(size <= TEXT_MAX - out->size);
  put(out, data, size);
  return 0;
}

// The result is good until the next call.
static struct text rewrite_stream(struct np_rewrite_stream *stream, const struct np_rewriter *r, const struct text *t, uint32_t *cuts) {
  static char room[TEXT_MAX];
  struct text out = { room, 0 };
  unsigned largest = *cuts % 3 == 0 ? 60 : *cuts % 3 == 1 ? 700 : TEXT_MAX;
  np_require(np_rewrite_begin(stream, r) == 0);
  for (size_t at = 0, part; at < t->size; at += part) {
    part = (np_next_random(cuts) | np_next_random(cuts) << 16) % largest + 1;
    if (part > t->size - at) part = t->size - at;
    char *copy = malloc(part);
    np_require(copy != NULL);
    memcpy(copy, t->data + at, part);
    np_require(np_rewrite_feed(stream, copy, part, sink, &out) == 0);
    free(copy);
  }
  np_require(np_rewrite_end(stream, sink, &out) == 0);
  return out;
}

static bool is_same(const struct text *a, const struct text *b) {
  return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static bool is_container(const struct text *t) {
  static const struct { size_t offset; const char *bytes; size_t size; } magics[] = {
    { 0, "\x1f\x8b", 2 }, { 0, "PK\3\4", 4 }, { 0, "PK\5\6", 4 }, { 0, "PK\7\10", 4 }, { 0, "\375" "7zXZ\0", 6 },
    { 0, "\x28\xb5\x2f\xfd", 4 }, { 0, "BZh", 3 }, { 0, "\4\"M\30", 4 }, { 0, "7z\xbc\xaf\x27\x1c", 6 }, { 257, "ustar", 5 },
  };
  for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
    if (t->size >= magics[i].offset + magics[i].size && memcmp(t->data + magics[i].offset, magics[i].bytes, magics[i].size) == 0) return true;
  return false;
}

// Without it there is nothing to restore: a place that looks relocated but was not.
static bool is_reversible(const struct np_relocation *r, const struct text *before, const struct text *after) {
  for (size_t at = 0; at < after->size; at++) {
    bool replaced = before->data[at] == '/' && find_pair(&r->forward, before->data + at, before->size - at) != NULL;
    if (!replaced && after->data[at] == '/' && find_pair(&r->backward, after->data + at, after->size - at) != NULL) return false;
  }
  return true;
}

static void check_text(const struct np_relocation *r, const struct text *t, uint32_t cuts) {
  struct np_rewrite_stream stream = { 0 };
  struct text plain = rewrite_plainly(&r->forward, t), streamed = rewrite_stream(&stream, &r->forward, t, &cuts);
  np_require(is_same(&streamed, is_container(t) ? t : &plain));
  np_require(is_container(t) || !is_container(&plain));
  if (!is_container(t) && is_reversible(r, t, &plain)) {
    struct text back = rewrite_stream(&stream, &r->backward, &plain, &cuts);
    np_require(is_same(&back, t));
  }
  np_rewrite_close(&stream);
  // A symlink's target is never a container.
  struct text in_place = { malloc(t->size + 1), t->size };
  np_require(in_place.data != NULL);
  memcpy(in_place.data, t->data, t->size);
  np_rewrite_text(&r->forward, in_place.data, in_place.size);
  np_require(is_same(&in_place, &plain));
  free(in_place.data);
  free(plain.data);
}

static void check_names(const struct np_relocation *r, const struct np_bundle *b) {
  np_require(r->count == b->path_count && r->head >= 1 && r->head <= 32 && strlen(r->tree) + 1 + r->head == NP_REFERENCE_SIZE);
  for (uint32_t i = 0; i < r->count; i++) {
    np_require(memcmp(r->names[i], b->paths[i].name, r->head) == 0 && strcmp(r->names[i] + r->head, b->paths[i].name + 32) == 0);
    np_require(i == 0 || strcmp(r->names[i - 1], r->names[i]) != 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char written[TEXT_MAX];
  struct np_input in = { data, size };
  uint32_t cuts = (uint32_t)np_take(&in, 3);
  char cache_path[64], tree[NP_TREE_MAX + 1];
  struct np_relocation relocation;
  make_cache_path(&in, cache_path);
  struct np_bundle bundle = { .paths = paths, .path_count = make_paths(&in) };
  if (np_relocation_problem(&bundle, cache_path) != NULL) return 0;
  np_require(np_relocation_tree(tree, cache_path, cuts % 10) == 0 && strlen(tree) <= NP_TREE_MAX);
  np_require(np_relocation_create(&relocation, &bundle, tree) == 0);
  check_names(&relocation, &bundle);
  struct text text = { written, 0 };
  write_text(&in, &text, &relocation);
  check_text(&relocation, &text, cuts);
  np_relocation_free(&relocation);
  return 0;
}

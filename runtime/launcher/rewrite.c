#include "rewrite.h"

#include <stdlib.h>
#include <string.h>

// Holds the beginning of a tar archive at least. Fuzzing wants many ends of it.
#ifndef NP_REWRITE_BUFFER
#define NP_REWRITE_BUFFER (128U << 10)
#endif
// Of a reference that may go on in the next piece.
#define HELD_MAX (NP_REFERENCE_SIZE - 1)

static int compare(const void *a, const void *b) {
  return memcmp(a, b, NP_REFERENCE_SIZE);
}

int np_rewriter_create(struct np_rewriter *r, const char *prefix, size_t count, const char (*from)[NP_REFERENCE_SIZE],
                       const char (*to)[NP_REFERENCE_SIZE]) {
  memset(r, 0, sizeof *r);
  r->prefix_size = strlen(prefix);
  if (r->prefix_size == 0 || r->prefix_size >= sizeof r->prefix) return -1;
  memcpy(r->prefix, prefix, r->prefix_size);
  r->pairs = calloc(count + 1, sizeof *r->pairs);
  if (r->pairs == NULL) return -1;
  r->count = count;
  for (size_t i = 0; i < count; i++) {
    memcpy(r->pairs[i].from, from[i], NP_REFERENCE_SIZE);
    memcpy(r->pairs[i].to, to[i], NP_REFERENCE_SIZE);
  }
  qsort(r->pairs, count, sizeof *r->pairs, compare);
  // Horspool's table: how far the window may move when it ends with this byte.
  memset(r->skip, (int)r->prefix_size, sizeof r->skip);
  for (size_t i = 0; i + 1 < r->prefix_size; i++) r->skip[(uint8_t)prefix[i]] = (uint8_t)(r->prefix_size - 1 - i);
  return 0;
}

void np_rewriter_free(struct np_rewriter *r) {
  free(r->pairs);
  memset(r, 0, sizeof *r);
}

// The end of the last reference that was replaced.
static size_t rewrite(const struct np_rewriter *r, char *text, size_t size) {
  const size_t last = r->prefix_size - 1;
  const char final = r->prefix[last];
  size_t at = 0, end = 0;
  while (size - at >= NP_REFERENCE_SIZE) {
    const char ending = text[at + last];
    if (ending == final && memcmp(text + at, r->prefix, last) == 0) {
      const struct np_rewrite_pair *pair = bsearch(text + at, r->pairs, r->count, sizeof *r->pairs, compare);
      if (pair != NULL) {
        memcpy(text + at, pair->to, NP_REFERENCE_SIZE);
        at = end = at + NP_REFERENCE_SIZE;
        continue;
      }
    }
    at += r->skip[(uint8_t)ending];
    if (at > size) break;
  }
  return end;
}

void np_rewrite_text(const struct np_rewriter *r, char *text, size_t size) {
  (void)rewrite(r, text, size);
}

// Compressed data, and containers that hold checksums of their contents.
static bool is_container(const char *data, size_t size) {
  static const struct {
    unsigned offset, size;
    const char *bytes;
  } magics[] = {
    { 0, 2, "\x1f\x8b" },                 // gzip
    { 0, 4, "PK\3\4" },                   // zip
    { 0, 4, "PK\5\6" },                   // zip without members
    { 0, 4, "PK\7\x8" },                  // zip, spanned
    { 0, 6, "\xfd" "7zXZ" },              // xz, with the NUL that ends the literal
    { 0, 4, "\x28\xb5\x2f\xfd" },         // zstd
    { 0, 3, "BZh" },                      // bzip2
    { 0, 4, "\x04\x22\x4d\x18" },         // lz4
    { 0, 6, "7z\xbc\xaf\x27\x1c" },       // 7z
    { 257, 5, "ustar" },                  // tar
  };
  for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
    if (size >= magics[i].offset + magics[i].size && memcmp(data + magics[i].offset, magics[i].bytes, magics[i].size) == 0) return true;
  }
  return false;
}

int np_rewrite_begin(struct np_rewrite_stream *s, const struct np_rewriter *r) {
  s->rewriter = r;
  s->used = 0;
  s->begun = false;
  s->untouched = r == NULL;
  if (s->buffer == NULL && r != NULL) s->buffer = malloc(NP_REWRITE_BUFFER);
  return s->buffer == NULL && r != NULL ? -1 : 0;
}

static int flush(struct np_rewrite_stream *s, bool at_end, np_rewrite_sink *sink, void *context) {
  if (!s->begun) s->untouched = is_container(s->buffer, s->used);
  s->begun = true;
  size_t ready = s->used;
  if (!s->untouched) {
    size_t end = rewrite(s->rewriter, s->buffer, s->used);
    if (!at_end) ready = s->used > HELD_MAX && s->used - HELD_MAX > end ? s->used - HELD_MAX : end;
  }
  if (ready > 0 && sink(context, s->buffer, ready) != 0) return -1;
  s->used -= ready;
  memmove(s->buffer, s->buffer + ready, s->used);
  return 0;
}

int np_rewrite_feed(struct np_rewrite_stream *s, const void *data, size_t size, np_rewrite_sink *sink, void *context) {
  const char *from = data;
  if (s->untouched) return s->used == 0 ? sink(context, data, size) : -1;
  while (size > 0) {
    size_t part = NP_REWRITE_BUFFER - s->used < size ? NP_REWRITE_BUFFER - s->used : size;
    memcpy(s->buffer + s->used, from, part);
    s->used += part;
    from += part;
    size -= part;
    if (s->used < NP_REWRITE_BUFFER) return 0;
    if (flush(s, false, sink, context) != 0) return -1;
    if (s->untouched) return size > 0 ? sink(context, from, size) : 0;
  }
  return 0;
}

int np_rewrite_end(struct np_rewrite_stream *s, np_rewrite_sink *sink, void *context) {
  return s->used == 0 ? 0 : flush(s, true, sink, context);
}

void np_rewrite_close(struct np_rewrite_stream *s) {
  free(s->buffer);
  s->buffer = NULL;
}

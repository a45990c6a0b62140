// Replaces references to store paths by others of exactly the same length: a length or an offset recorded anywhere stays true.
#ifndef NP_REWRITE_H
#define NP_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// "/nix/store/" and the 32 characters of a hash.
#define NP_REFERENCE_SIZE 43

struct np_rewrite_pair {
  char from[NP_REFERENCE_SIZE], to[NP_REFERENCE_SIZE];
};

struct np_rewriter {
  char prefix[NP_REFERENCE_SIZE];  // what every `from` starts with
  size_t prefix_size;
  size_t count;
  struct np_rewrite_pair *pairs;  // sorted by `from`
  uint8_t skip[256];
};

// -1: out of memory.
int np_rewriter_create(struct np_rewriter *rewriter, const char *prefix, size_t count, const char (*from)[NP_REFERENCE_SIZE],
                       const char (*to)[NP_REFERENCE_SIZE]);
void np_rewriter_free(struct np_rewriter *rewriter);

// A complete text, in place.
void np_rewrite_text(const struct np_rewriter *rewriter, char *text, size_t size);

// The contents of one file after the other, in pieces of any size.
struct np_rewrite_stream {
  const struct np_rewriter *rewriter;
  char *buffer;
  size_t used;
  bool begun;      // something of this file has reached the sink
  bool untouched;  // this file goes through as it is
};

typedef int np_rewrite_sink(void *context, const void *data, size_t size);

// May be called again after np_rewrite_end, for the next file. -1: out of memory. rewriter NULL: everything goes through as it is.
int np_rewrite_begin(struct np_rewrite_stream *stream, const struct np_rewriter *rewriter);
// -1: the sink said so.
int np_rewrite_feed(struct np_rewrite_stream *stream, const void *data, size_t size, np_rewrite_sink *sink, void *context);
int np_rewrite_end(struct np_rewrite_stream *stream, np_rewrite_sink *sink, void *context);
void np_rewrite_close(struct np_rewrite_stream *stream);

#endif

#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "fd.h"
#include "tar.h"

#define WINDOW_LOG_MAX 23
#define OUTPUT_SIZE (256U << 10)

struct mapping {
  void *base;
  size_t length;
  const uint8_t *data;
};

static int frame_damaged(const struct np_bundle *b, const struct np_frame *frame, const char *what, struct np_error *error) {
  np_fail(error, NP_PAYLOAD_CORRUPT, "cannot unpack \"%s\" from \"%s\": %s", b->paths[frame->path].name, b->file, what);
  np_hint(error, "copy the file again and compare its SHA-256 with the original");
  return -1;
}

// A mapping, so that the pages stay the page cache's and memory use does not grow with the bundle.
static int map_frame(struct mapping *m, const struct np_bundle *b, const struct np_frame *frame, struct np_error *error) {
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = frame->offset % page;
  m->length = (size_t)(frame->size + skip);
  m->base = mmap(NULL, m->length, PROT_READ, MAP_PRIVATE, b->fd, (off_t)(frame->offset - skip));
  if (m->base == MAP_FAILED) return frame_damaged(b, frame, strerror(errno), error);
  (void)madvise(m->base, m->length, MADV_SEQUENTIAL);
  (void)madvise(m->base, m->length, MADV_WILLNEED);
  m->data = (const uint8_t *)m->base + skip;
  if (np_sha256_matches(m->data, (size_t)frame->size, frame->digest)) return 0;
  munmap(m->base, m->length);
  return frame_damaged(b, frame, "the frame does not match its SHA-256", error);
}

int np_frame_verify(const struct np_bundle *b, const struct np_frame *frame, struct np_error *error) {
  struct mapping m;
  if (map_frame(&m, b, frame, error) != 0) return -1;
  munmap(m.base, m.length);
  return 0;
}

struct job {
  const struct np_bundle *bundle;
  const struct np_frame *frame;
  const uint8_t *data;
  ZSTD_DCtx *context;
  uint8_t *output;
  struct np_tar *tar;
};

static int decompress(const struct job *job, struct np_error *error) {
  ZSTD_inBuffer in = { job->data, (size_t)job->frame->size, 0 };
  uint64_t total = 0;
  size_t left;
  do {
    ZSTD_outBuffer out = { job->output, OUTPUT_SIZE, 0 };
    size_t before = in.pos;
    left = ZSTD_decompressStream(job->context, &out, &in);
    if (ZSTD_isError(left)) return frame_damaged(job->bundle, job->frame, ZSTD_getErrorName(left), error);
    if (out.pos == 0 && in.pos == before) return frame_damaged(job->bundle, job->frame, "the frame ends early", error);
    total += out.pos;
    if (total > job->frame->tar_size) return frame_damaged(job->bundle, job->frame, "it is larger than the index says", error);
    if (np_tar_feed(job->tar, job->output, out.pos, error) != 0) return -1;
  } while (left != 0);
  if (total != job->frame->tar_size || in.pos != in.size)
    return frame_damaged(job->bundle, job->frame, "its size is not the one in the index", error);
  return np_tar_finish(job->tar, error);
}

static int decode(struct job *job, struct np_tree *tree, uint64_t *files_size, struct np_error *error) {
  int result = -1;
  job->context = ZSTD_createDCtx();
  job->output = malloc(OUTPUT_SIZE);
  job->tar = malloc(sizeof *job->tar);
  if (job->context == NULL || job->output == NULL || job->tar == NULL) {
    np_fail(error, NP_CACHE_UNWRITABLE, "cannot unpack \"%s\": out of memory", tree->base);
  } else {
    ZSTD_DCtx_setParameter(job->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    np_tar_init(job->tar, tree, job->bundle->paths[job->frame->path].unpacked_size);
    result = decompress(job, error);
    *files_size = job->tar->files_size;
  }
  ZSTD_freeDCtx(job->context);
  free(job->output);
  free(job->tar);
  return result;
}

int np_frame_unpack(const struct np_bundle *b, const struct np_frame *frame, struct np_tree *tree, uint64_t *files_size,
                    struct np_error *error) {
  struct mapping m;
  if (map_frame(&m, b, frame, error) != 0) return -1;
  struct job job = { .bundle = b, .frame = frame, .data = m.data };
  int result = decode(&job, tree, files_size, error);
  munmap(m.base, m.length);
  return result;
}

#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "frame.h"
#include "tree.h"

#define THREADS_MAX 32
#define FDS_PER_THREAD 16
#define STACK_SIZE (256U << 10)

struct progress {
  atomic_uint frames_left;
  atomic_ullong files_size;
};

struct pool {
  const struct np_pool_work *work;
  uint32_t *frames;
  uint32_t frame_count;
  atomic_uint next;
  atomic_bool failed;
  pthread_mutex_t lock;
  struct np_error *error;
  struct progress *progress;  // by path number
};

static const struct np_bundle *sorted_bundle;

static int bigger_first(const void *a, const void *b) {
  uint64_t x = sorted_bundle->frames[*(const uint32_t *)a].tar_size;
  uint64_t y = sorted_bundle->frames[*(const uint32_t *)b].tar_size;
  return x < y ? 1 : x > y ? -1 : 0;
}

static int unpack_one(struct pool *pool, uint32_t number, struct np_error *error) {
  const struct np_bundle *b = pool->work->bundle;
  const struct np_frame *frame = &b->frames[number];
  const struct np_path *path = &b->paths[frame->path];
  struct progress *progress = &pool->progress[frame->path];
  struct np_tree tree;
  uint64_t files_size = 0;
  np_tree_init(&tree, pool->work->root, path->name, path->frame_count > 1, path->references ? pool->work->rewriter : NULL);
  int result = np_frame_unpack(b, frame, &tree, &files_size, error);
  np_tree_close(&tree);
  if (result != 0) return -1;
  if (pool->work->progress >= 0) (void)futimens(pool->work->progress, NULL);
  uint64_t total = atomic_fetch_add(&progress->files_size, files_size) + files_size;
  if (atomic_fetch_sub(&progress->frames_left, 1) != 1) return 0;
  if (total != path->unpacked_size)
    return np_fail(error, NP_UNPACK_REFUSED, "cannot unpack \"%s\": its files are not as large as the index says", path->name);
  return pool->work->done(pool->work->context, frame->path, error);
}

static void *run(void *argument) {
  struct pool *pool = argument;
  struct np_error error;
  while (!atomic_load(&pool->failed)) {
    uint32_t turn = atomic_fetch_add(&pool->next, 1);
    if (turn >= pool->frame_count) break;
    if (unpack_one(pool, pool->frames[turn], &error) == 0) continue;
    pthread_mutex_lock(&pool->lock);
    if (!atomic_exchange(&pool->failed, true)) *pool->error = error;
    pthread_mutex_unlock(&pool->lock);
  }
  return NULL;
}

// One per processor, as far as descriptors suffice.
static unsigned thread_count(void) {
  cpu_set_t set;
  struct rlimit limit;
  unsigned count = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
  if (count > THREADS_MAX) count = THREADS_MAX;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / FDS_PER_THREAD < count) count = (unsigned)limit.rlim_cur / FDS_PER_THREAD;
  return count < 1 ? 1 : count;
}

// This thread works too; a thread that cannot be created is only one thread less.
static void run_threads(struct pool *pool) {
  pthread_t threads[THREADS_MAX];
  pthread_attr_t attributes;
  unsigned wanted = thread_count(), started = 0;
  if (wanted > pool->frame_count) wanted = pool->frame_count;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_SIZE);
  while (started + 1 < wanted && pthread_create(&threads[started], &attributes, run, pool) == 0) started++;
  pthread_attr_destroy(&attributes);
  run(pool);
  for (unsigned i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

int np_pool_run(const struct np_pool_work *work, struct np_error *error) {
  const struct np_bundle *b = work->bundle;
  struct pool pool = { .work = work, .error = error };
  int result = -1;
  pool.frames = calloc((size_t)b->frame_count + 1, sizeof *pool.frames);
  pool.progress = calloc(b->path_count, sizeof *pool.progress);
  pthread_mutex_init(&pool.lock, NULL);
  if (pool.frames == NULL || pool.progress == NULL) {
    np_fail(error, NP_CACHE_UNWRITABLE, "cannot unpack the bundle: out of memory");
  } else {
    for (uint32_t i = 0; i < work->path_count; i++) {
      const struct np_path *path = &b->paths[work->paths[i]];
      atomic_init(&pool.progress[work->paths[i]].frames_left, path->frame_count);
      for (uint32_t f = 0; f < path->frame_count; f++) pool.frames[pool.frame_count++] = path->first_frame + f;
    }
    sorted_bundle = b;
    qsort(pool.frames, pool.frame_count, sizeof *pool.frames, bigger_first);
    run_threads(&pool);
    result = atomic_load(&pool.failed) ? -1 : 0;
  }
  pthread_mutex_destroy(&pool.lock);
  free(pool.frames);
  free(pool.progress);
  return result;
}

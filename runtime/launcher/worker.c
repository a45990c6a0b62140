#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "gc.h"
#include "settle.h"
#include "session.h"
#include "unpack.h"

struct result {
  int status;
  struct np_error error;
};

struct worker {
  const struct np_bundle *bundle;
  const struct np_cache *cache;
  uint32_t missing;
  bool settle;    // something waits for its durable mark, or was left behind
  bool attached;  // would come back to us as an orphan
  int report;     // write end
};

static int watched_fd;
static atomic_bool reported;

// A launcher that was killed must not leave a worker behind that goes on for nobody. POLLERR: no reader is left.
static void *watch_launcher(void *unused) {
  struct pollfd pipe_end = { .fd = watched_fd };
  while (poll(&pipe_end, 1, -1) < 0 && errno == EINTR) continue;
  if (!atomic_load(&reported)) _exit(1);
  return unused;
}

// The caller's pipes must see their end when the caller's program exits, not when this process does.
static void leave_caller(const struct worker *w) {
  int keep[] = { w->bundle->fd, w->cache->dir, w->cache->store, w->cache->tmp, w->cache->locks, w->cache->durable,
                 w->cache->pending, w->report };
  np_close_others(keep, sizeof keep / sizeof *keep);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) null = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
  if (null > 2) close(null);
  signal(SIGPIPE, SIG_IGN);
  (void)!chdir("/");
}

static void work(const struct worker *w) {
  struct result result = { .status = 0 };
  pthread_t watcher;
  leave_caller(w);
  if (w->missing > 0) {
    watched_fd = w->report;
    if (pthread_create(&watcher, NULL, watch_launcher, NULL) == 0) pthread_detach(watcher);
    result.status = np_unpack_run(w->bundle, w->cache, &result.error);
  }
  if (w->attached && result.status == 0) np_settle(w->bundle, w->cache);
  atomic_store(&reported, true);
  np_write_all(w->report, &result, sizeof result);
  close(w->report);
  if (w->attached || result.status != 0) _exit(0);
  setsid();
  prctl(PR_SET_NAME, "nixpack-sync");
  np_settle(w->bundle, w->cache);
  np_gc_run(w->cache);
  _exit(0);
}

// Forked twice, so that the program that takes over this process has no child it does not know.
static pid_t start(const struct worker *w, int read_end) {
  pid_t child = fork();
  if (child != 0) return child;
  close(read_end);
  if (!w->attached) {
    child = fork();
    if (child != 0) _exit(child < 0 ? 1 : 0);
  }
  work(w);
  return -1;
}

static int collect(int read_end, struct np_error *error) {
  struct result result;
  if (np_read_all(read_end, &result, sizeof result) != (ssize_t)sizeof result) {
    np_fail(error, NP_CACHE_UNWRITABLE, "cannot unpack the bundle: the unpacking process was killed");
    np_hint(error, "look for an out-of-memory kill, or for a bundle file that shrank while it was read");
    return -1;
  }
  if (result.status != 0) *error = result.error;
  return result.status;
}

static bool gets_orphans(void) {
  int subreaper = 0;
  (void)prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  return getpid() == 1 || subreaper != 0;
}

int np_worker_unpack(const struct np_bundle *b, const struct np_cache *cache, struct np_error *error) {
  int ends[2];
  bool pending;
  struct worker w = { .bundle = b, .cache = cache, .missing = np_unpack_missing(b, cache, &pending), .attached = gets_orphans() };
  w.settle = !cache->read_only && (pending || np_session_leftovers(cache) || np_gc_is_due(cache));
  if (w.missing == 0 && (!w.settle || w.attached)) return 0;
  if (pipe2(ends, O_CLOEXEC) != 0) return np_fail(error, NP_CACHE_UNWRITABLE, "cannot unpack the bundle: pipe: %s", strerror(errno));
  w.report = ends[1];
  pid_t child = start(&w, ends[0]);
  int saved = errno;
  close(ends[1]);
  int result = 0;
  if (child < 0) {
    errno = saved;
    if (w.missing > 0) result = np_fail(error, NP_CACHE_UNWRITABLE, "cannot unpack the bundle: fork: %s", strerror(errno));
  } else if (w.missing > 0) {
    result = collect(ends[0], error);
  }
  close(ends[0]);
  while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  return result;
}

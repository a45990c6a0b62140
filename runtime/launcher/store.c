#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "cwd.h"
#include "engine.h"
#include "root.h"
#include "worker.h"

static int mount_failed(const struct np_engine *engine, const struct np_cause *cause, struct np_error *error) {
  np_fail(error, NP_STORE_UNAVAILABLE, "cannot make \"/nix/store\" visible: engine %s: %s: %s (%s)", engine->name, cause->call,
          strerror(cause->error), engine->explain(cause));
  np_hint(error, "set NIXPACK_ENGINE to try another engine");
  return -1;
}

static int mount_cache(const struct np_engine *engine, const struct np_cache *cache, struct np_cause *cause) {
  if (fchdir(cache->store) != 0) return np_cause_set(cause, "fchdir");
  if (engine->enter(cause) != 0 || np_root_begin(true, cause) != 0) return -1;
  return np_root_finish(cause);
}

// No directory of the host is usable: unpacked into memory, for this run only.
static int mount_memory(const struct np_bundle *b, const struct np_engine *engine, struct np_cause *cause, struct np_error *error) {
  struct np_cache cache = { .volatile_store = true };
  if (engine->enter(cause) != 0 || np_root_begin(false, cause) != 0) return -1;
  int dir = mkdir(NP_OWN_CACHE, 0700) == 0 ? open(NP_OWN_CACHE, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (dir < 0 || np_cache_open_at(&cache, dir, NP_OWN_CACHE) != 0) return np_cause_set(cause, "mkdir");
  int result = np_worker_unpack(b, &cache, error);
  np_cache_close(&cache);
  if (result != 0) return 1;
  if (np_root_bind_own_store(cause) != 0) return -1;
  return np_root_finish(cause);
}

int np_store_provide(const struct np_bundle *b, const char **engine_name, struct np_error *error) {
  struct np_cwd cwd;
  struct np_cache cache;
  struct np_cause cause;
  const struct np_engine *engine = np_engine_choose(error);
  if (engine == NULL) return -1;
  *engine_name = engine->name;
  int found = np_cache_find(&cache, error);
  if (found < 0) return -1;
  np_cwd_save(&cwd);
  int result;
  if (found == 0) {
    if (np_worker_unpack(b, &cache, error) != 0) return -1;
    result = mount_cache(engine, &cache, &cause);
    np_cache_close(&cache);
  } else {
    result = mount_memory(b, engine, &cause, error);
    if (result > 0) return -1;
  }
  if (result != 0) return mount_failed(engine, &cause, error);
  np_cwd_restore(&cwd);
  return 0;
}

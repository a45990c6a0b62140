// Engines `mount` and `userns`: the store of the cache appears at /nix/store, for this process and its descendants only.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cwd.h"
#include "engine.h"
#include "explain.h"
#include "root.h"
#include "worker.h"

typedef int enter_function(struct np_cause *cause);

// Everything that a start does, down to the last mount: a policy may allow the first ones only.
static int try_to(const struct np_place *p, enter_function *enter, struct np_cause *cause) {
  if ((p->has_cache ? fchdir(p->cache.store) : chdir("/")) != 0) return np_cause_set(cause, "chdir");
  if (enter(cause) != 0 || np_root_begin(true, cause) != 0) return -1;
  return np_root_finish(cause);
}

static int mount_cache(const struct np_place *p, enter_function *enter, struct np_cause *cause) {
  if (fchdir(p->cache.store) != 0) return np_cause_set(cause, "fchdir");
  if (enter(cause) != 0 || np_root_begin(true, cause) != 0) return -1;
  return np_root_finish(cause);
}

// No directory of the host is usable: unpacked into memory, for this run only. 1: `error` is filled.
static int mount_memory(struct np_place *p, enter_function *enter, struct np_cause *cause, struct np_error *error) {
  struct np_cache cache = { .volatile_store = true };
  if (enter(cause) != 0 || np_root_begin(false, cause) != 0) return -1;
  int dir = mkdir(NP_OWN_CACHE, 0700) == 0 ? open(NP_OWN_CACHE, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (dir < 0 || np_cache_open_at(&cache, dir, NP_OWN_CACHE) != 0) return np_cause_set(cause, "mkdir");
  int result = np_worker_unpack(p->bundle, &cache, error);
  np_cache_close(&cache);
  if (result != 0) return 1;
  if (np_root_bind_own_store(cause) != 0) return -1;
  return np_root_finish(cause);
}

static int provide(struct np_place *p, const struct np_engine *engine, enter_function *enter, struct np_error *error) {
  struct np_cwd cwd;
  struct np_cause cause = { .error = 0 };
  int found = np_place_unpack(p, false, error);
  if (found < 0) return -1;
  np_cwd_save(&cwd);
  int result = found == 0 ? mount_cache(p, enter, &cause) : mount_memory(p, enter, &cause, error);
  if (result > 0) return -1;
  if (result < 0) {
    static struct np_finding finding;
    char text[700];
    np_explain_engine(engine->name, &cause, &finding);
    np_finding_text(text, sizeof text, &finding);
    np_fail(error, NP_STORE_UNAVAILABLE, "cannot make \"/nix/store\" visible: engine %s", text);
    np_hint(error, "set NIXPACK_ENGINE to try another engine");
    return -1;
  }
  np_cwd_restore(&cwd);
  np_place_name(p, NP_STORE_DIR);
  return 0;
}

static int try_mount(struct np_place *place, struct np_cause *cause) {
  return try_to(place, np_enter_mount, cause);
}

static int provide_mount(struct np_place *place, struct np_error *error) {
  return provide(place, &np_engine_mount, np_enter_mount, error);
}

static int try_userns(struct np_place *place, struct np_cause *cause) {
  return try_to(place, np_enter_userns, cause);
}

static int provide_userns(struct np_place *place, struct np_error *error) {
  return provide(place, &np_engine_userns, np_enter_userns, error);
}

const struct np_engine np_engine_mount = { "mount", try_mount, provide_mount };
const struct np_engine np_engine_userns = { "userns", try_userns, provide_userns };

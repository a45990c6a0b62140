// One binary, three roles: the front of a bundle, the spawner (bare, argv[1] is "spawner"), and nothing else.
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "composed.h"
#include "detach.h"
#include "engine.h"
#include "error.h"
#include "fd.h"
#include "flags.h"
#include "plain.h"
#include "self.h"
#include "signals.h"
#include "spawner.h"

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static int run_bare(int argc, char **argv) {
  struct np_error error;
  if (argc > 1 && strcmp(argv[1], "spawner") == 0) return np_spawner_main(argv);
  np_fail(&error, NP_USAGE, "cannot start anything: this is the bare launcher of nixpack, no bundle is appended to it");
  np_hint(&error, "use a file made by nixpack bundle; if this was one, it was cut, copy it again");
  return np_report(&error);
}

static int run_bundle(struct np_bundle *bundle, char **argv, struct np_error *error) {
  static struct np_place place;
  np_signals_save();
  if (np_flags_are_ours(bundle, argv)) return np_flags_run(bundle, argv, error);
  if (bundle->composed && np_detach_is_wanted(argv)) {
    bool goes_on;
    int status = np_detach(&goes_on, error);
    if (status < 0 || !goes_on) return status;
  }
  place.bundle = bundle;
  if (np_engine_provide(&place, error) != 0) return -1;
  if (bundle->composed) return np_composed_run(&place, argv, error);
  return np_plain_exec(&place, argv, error);
}

int main(int argc, char **argv) {
  static struct np_self self;
  static struct np_error error;
  struct np_bundle bundle;
  const char *argv0 = argc > 0 ? argv[0] : "";
  np_error_name(base_name(argv0));
  np_reserve_stdio();
  if (np_self_open(&self, argv0, &error) != 0) return np_report(&error);
  int found = np_bundle_read(&bundle, &self, &error);
  if (found < 0) return np_report(&error);
  if (found > 0) return run_bare(argc, argv);
  np_error_name(bundle.name);
  int status = run_bundle(&bundle, argv, &error);
  return status < 0 ? np_report(&error) : status;
}

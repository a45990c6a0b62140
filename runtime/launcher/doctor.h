// --nixpack-doctor: why a start would work on this host, or what has to be done that it does.
#ifndef NP_DOCTOR_H
#define NP_DOCTOR_H

#include "cache-find.h"
#include "engine.h"
#include "finding.h"

#define NP_DOCTOR_CACHES_MAX 8

// One cache directory, for the plain store and for relocated trees.
struct np_cache_check {
  bool applies;
  struct np_finding plain, relocated;
  struct np_missing missing, missing_relocated;
  uint64_t free_bytes;  // UINT64_MAX: unlimited or unknown
};

struct np_start {
  const char *engine;                  // NULL: it would fail
  const struct np_cache_check *cache;  // NULL: none is needed, or in_memory
  const struct np_missing *missing;    // of the directory; NULL: none, or with the engine host nothing but the runtime
  bool in_memory;
  char problem[300];
};

struct np_examination {
  const struct np_bundle *bundle;
  size_t cache_count;
  struct np_cache_check caches[NP_DOCTOR_CACHES_MAX];
  struct np_finding engines[NP_ENGINE_COUNT];
  struct np_start start;
};

// Prints what it finds. The exit status: 0 when a start would work, 125 when not.
int np_doctor_run(struct np_bundle *bundle, bool json);

// In doctor-plan.c: the first usable directory, or NULL; examination->start.
const struct np_cache_check *np_doctor_first(const struct np_examination *examination, bool relocated);
void np_doctor_plan(struct np_examination *examination);

// In doctor-text.c and doctor-json.c.
void np_doctor_print(const struct np_examination *examination);
void np_doctor_print_json(const struct np_examination *examination);

#endif

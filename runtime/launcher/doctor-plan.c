// What a start would do with the findings: the same order of the same questions as in engine.c and place.c.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

const struct np_cache_check *np_doctor_first(const struct np_examination *e, bool relocated) {
  for (size_t i = 0; i < e->cache_count; i++)
    if (relocated ? e->caches[i].relocated.usable : e->caches[i].plain.usable) return &e->caches[i];
  return NULL;
}

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

// Whether an engine that can be used has a place for what it needs.
static bool has_place(struct np_start *start, const struct np_examination *e, const char *engine) {
  bool is_host = strcmp(engine, "host") == 0, relocated = strcmp(engine, "relocate") == 0;
  start->in_memory = false;
  start->cache = NULL;
  if ((is_host && !e->bundle->composed) || strcmp(engine, "nix-dir") == 0) return true;
  start->cache = np_doctor_first(e, relocated);
  start->missing = start->cache == NULL || is_host ? NULL : relocated ? &start->cache->missing_relocated : &start->cache->missing;
  start->in_memory = start->cache == NULL && !is_host && !relocated;
  return start->cache != NULL || start->in_memory;
}

void np_doctor_plan(struct np_examination *e) {
  struct np_start *start = &e->start;
  const char *wanted = setting("NIXPACK_ENGINE");
  bool is_known = wanted == NULL;
  if (setting("NIXPACK_CACHE_DIR") != NULL && np_doctor_first(e, false) == NULL) {
    snprintf(start->problem, sizeof start->problem, "the cache directory that NIXPACK_CACHE_DIR names cannot be used");
    return;
  }
  for (int i = 0; i < NP_ENGINE_COUNT; i++) {
    const struct np_finding *f = &e->engines[i];
    if (wanted != NULL && strcmp(wanted, f->subject) != 0) continue;
    is_known = true;
    if (!f->usable || !has_place(start, e, f->subject)) continue;
    start->engine = f->subject;
    return;
  }
  if (!is_known) snprintf(start->problem, sizeof start->problem, "NIXPACK_ENGINE names an engine that is not known, \"%.60s\"", wanted);
  else if (wanted != NULL) snprintf(start->problem, sizeof start->problem, "the engine that NIXPACK_ENGINE names, %.60s, cannot be used", wanted);
  else snprintf(start->problem, sizeof start->problem, "no engine can be used");
}

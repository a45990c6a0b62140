// The examination for a program. Records only grow: what is there keeps its name and meaning within one version.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "facts.h"
#include "json.h"

#define VERSION 1

static void write_bundle(struct np_json *j, const struct np_bundle *b) {
  char identity[2 * NP_SHA256_SIZE + 1];
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < b->path_count; i++) bytes += b->paths[i].unpacked_size;
  for (int i = 0; i < NP_SHA256_SIZE; i++) snprintf(identity + 2 * i, 3, "%02x", b->identity[i]);
  np_json_begin(j, "bundle", '{');
  np_json_text(j, "name", b->name);
  np_json_text(j, "identity", identity);
  np_json_text(j, "file", b->file);
  np_json_bool(j, "composed", b->composed);
  np_json_number(j, "storePaths", b->path_count);
  np_json_number(j, "unpackedBytes", (long long)bytes);
  np_json_end(j, '}');
}

static void write_sysctl(struct np_json *j, const char *name, long value) {
  if (value < 0) np_json_null(j, name);
  else np_json_number(j, name, value);
}

static void write_host(struct np_json *j) {
  const struct np_facts *f = np_facts();
  np_json_begin(j, "host", '{');
  np_json_text(j, "kernel", f->kernel);
  np_json_text(j, "machine", f->machine);
  np_json_bool(j, "gvisor", f->is_gvisor);
  np_json_bool(j, "proc", f->has_proc);
  np_json_number(j, "uid", geteuid());
  np_json_number(j, "gid", getegid());
  np_json_maybe(j, "capSysAdmin", f->sys_admin);
  np_json_maybe(j, "userNamespace", f->is_nested);
  np_json_maybe(j, "uidMapped", f->is_mapped);
  np_json_maybe(j, "chroot", f->is_chroot);
  np_json_maybe(j, "initramfs", f->is_initramfs);
  np_json_optional(j, "container", f->container);
  np_json_optional(j, "seccomp", f->seccomp == 2 ? "filter" : f->seccomp == 1 ? "strict" : f->seccomp == 0 ? "off" : "");
  np_json_maybe(j, "noNewPrivileges", f->no_new_privs);
  np_json_maybe(j, "apparmor", f->apparmor);
  np_json_maybe(j, "selinuxEnforcing", f->selinux);
  np_json_optional(j, "securityContext", f->profile);
  np_json_begin(j, "sysctls", '{');
  write_sysctl(j, "user.max_user_namespaces", f->max_user_namespaces);
  write_sysctl(j, "user.max_mnt_namespaces", f->max_mnt_namespaces);
  write_sysctl(j, "kernel.unprivileged_userns_clone", f->unprivileged_userns_clone);
  write_sysctl(j, "kernel.apparmor_restrict_unprivileged_userns", f->apparmor_restrict);
  np_json_end(j, '}');
  np_json_end(j, '}');
}

static void write_reason(struct np_json *j, const struct np_finding *f) {
  np_json_bool(j, "usable", f->usable);
  np_json_optional(j, "call", f->call);
  if (f->error != 0) np_json_number(j, "errno", f->error);
  else np_json_null(j, "errno");
  np_json_optional(j, "error", f->error != 0 ? strerror(f->error) : "");
  np_json_optional(j, "cause", f->cause);
  np_json_begin(j, "remedies", '[');
  for (const char *at = f->remedy; *at != '\0';) {
    char command[sizeof f->remedy];
    size_t length = strcspn(at, "\n");
    snprintf(command, sizeof command, "%.*s", (int)length, at);
    np_json_text(j, NULL, command);
    at += length + (at[length] == '\n');
  }
  np_json_end(j, ']');
}

static void write_missing(struct np_json *j, const struct np_missing *missing) {
  np_json_number(j, "missingStorePaths", missing->paths);
  np_json_number(j, "missingBytes", (long long)missing->bytes);
}

static void write_cache(struct np_json *j, const struct np_cache_check *check) {
  np_json_begin(j, NULL, '{');
  np_json_text(j, "path", check->plain.subject);
  np_json_optional(j, "origin", check->plain.origin);
  write_reason(j, &check->plain);
  if (check->free_bytes == UINT64_MAX || check->free_bytes > INT64_MAX) np_json_null(j, "freeBytes");
  else np_json_number(j, "freeBytes", (long long)check->free_bytes);
  write_missing(j, &check->missing);
  np_json_begin(j, "relocated", '{');
  write_reason(j, &check->relocated);
  write_missing(j, &check->missing_relocated);
  np_json_end(j, '}');
  np_json_end(j, '}');
}

static void write_note(struct np_json *j, const struct np_path *path, const char *note, size_t length) {
  char reason[64], file[2 * PATH_MAX];
  size_t tab = strcspn(note, "\t\n");
  size_t start = tab < length ? tab + 1 : length;
  snprintf(reason, sizeof reason, "%.*s", (int)tab, note);
  snprintf(file, sizeof file, "%.*s", (int)(length - start), note + start);
  np_json_begin(j, NULL, '{');
  np_json_text(j, "path", path->name);
  np_json_text(j, "reason", reason);
  np_json_text(j, "file", file);
  np_json_end(j, '}');
}

static void write_relocation(struct np_json *j, const struct np_bundle *b) {
  np_json_begin(j, "relocation", '{');
  np_json_bool(j, "safe", b->safe);
  np_json_begin(j, "notes", '[');
  for (uint32_t i = 0; i < b->path_count; i++) {
    for (const char *note = b->paths[i].notes; *note != '\0';) {
      size_t length = strcspn(note, "\n");
      write_note(j, &b->paths[i], note, length);
      note += length + (note[length] == '\n');
    }
  }
  np_json_end(j, ']');
  np_json_end(j, '}');
}

static void write_start(struct np_json *j, const struct np_start *s) {
  np_json_begin(j, "start", '{');
  np_json_bool(j, "works", s->engine != NULL);
  np_json_optional(j, "problem", s->problem);
  np_json_optional(j, "engine", s->engine != NULL ? s->engine : "");
  np_json_optional(j, "cacheDirectory", s->engine != NULL && s->cache != NULL ? s->cache->plain.subject : "");
  np_json_bool(j, "inMemory", s->engine != NULL && s->in_memory);
  if (s->engine != NULL && s->missing != NULL) write_missing(j, s->missing);
  np_json_end(j, '}');
}

void np_doctor_print_json(const struct np_examination *e) {
  struct np_json json = { .out = stdout };
  np_json_begin(&json, NULL, '{');
  np_json_number(&json, "version", VERSION);
  write_bundle(&json, e->bundle);
  write_host(&json);
  np_json_begin(&json, "cacheDirectories", '[');
  for (size_t i = 0; i < e->cache_count; i++) write_cache(&json, &e->caches[i]);
  np_json_end(&json, ']');
  np_json_begin(&json, "engines", '[');
  for (int i = 0; i < NP_ENGINE_COUNT; i++) {
    np_json_begin(&json, NULL, '{');
    np_json_text(&json, "name", e->engines[i].subject);
    write_reason(&json, &e->engines[i]);
    np_json_end(&json, '}');
  }
  np_json_end(&json, ']');
  write_relocation(&json, e->bundle);
  write_start(&json, &e->start);
  np_json_end(&json, '}');
  fputc('\n', stdout);
}

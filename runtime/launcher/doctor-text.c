// The examination for a reader.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor-print.h"
#include "facts.h"

#define NOTES_SHOWN 20

static const char *plural(uint32_t count) {
  return count == 1 ? "" : "s";
}

static void print_unpacked(const char *what, uint32_t missing, uint32_t count, const char *free_space) {
  np_print_wrapped("      ", "%s: %u of %u store path%s%s", what, count - missing, count, plural(count), free_space);
}

static void print_bundle(const struct np_bundle *b) {
  char identity[2 * NP_SHA256_SIZE + 1], size[NP_SIZE_TEXT];
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < b->path_count; i++) bytes += b->paths[i].unpacked_size;
  for (int i = 0; i < NP_SHA256_SIZE; i++) snprintf(identity + 2 * i, 3, "%02x", b->identity[i]);
  np_print_wrapped("", "%s: %s bundle of %u store path%s, %s unpacked", b->name, b->composed ? "composed" : "plain", b->path_count, plural(b->path_count),
                   np_size_text(size, bytes));
  np_print_line("  file          ", b->file);
  np_print_line("  identity      ", identity);
}

static const char *on_off(int value, const char *on, const char *off) {
  return value < 0 ? "unknown" : value != 0 ? on : off;
}

static void print_host(void) {
  const struct np_facts *f = np_facts();
  np_print_wrapped("  kernel        ", "%s %s%s%s", f->kernel, f->machine, f->is_gvisor ? ", gVisor" : "", f->has_proc ? "" : ", /proc is not mounted");
  np_print_wrapped("  user          ", "uid %lu, gid %lu, %s%s%s", (unsigned long)geteuid(), (unsigned long)getegid(),
                   on_off(f->sys_admin, "CAP_SYS_ADMIN", "no CAP_SYS_ADMIN"), f->is_nested == 1 ? ", in a user namespace" : "",
                   f->is_chroot == 1 ? ", in a chroot" : "");
  np_print_wrapped("  container     ", "%s", f->container[0] != '\0' ? f->container : "no sign of one");
  np_print_wrapped("  seccomp       ", "%s%s", f->seccomp == 2 ? "a filter is in force" : on_off(f->seccomp, "strict", "no filter"),
                   f->no_new_privs == 1 ? ", no_new_privs" : "");
  if (f->apparmor >= 0) np_print_wrapped("  AppArmor      ", "%s, profile %s", on_off(f->apparmor, "on", "off"), f->profile[0] != '\0' ? f->profile : "unknown");
  if (f->selinux >= 0) np_print_wrapped("  SELinux       ", "%s, context %s", on_off(f->selinux, "enforcing", "permissive"), f->profile[0] != '\0' ? f->profile : "unknown");
}

static void print_reason(const struct np_finding *f) {
  if (f->error != 0) np_print_wrapped("      ", "%s%s%s", f->call, f->call[0] != '\0' ? ": " : "", strerror(f->error));
  if (f->cause[0] != '\0') np_print_wrapped("      ", "%s", f->cause);
  for (const char *at = f->remedy; *at != '\0';) {
    char command[sizeof f->remedy];
    size_t length = strcspn(at, "\n");
    snprintf(command, sizeof command, "%.*s", (int)length, at);
    np_print_line("      try: ", command);
    at += length + (at[length] == '\n');
  }
}

static void print_subject(const struct np_finding *f) {
  char line[PATH_MAX + 64];
  snprintf(line, sizeof line, "%s%s%s%s", f->subject, f->origin[0] != '\0' ? "  (" : "", f->origin, f->origin[0] != '\0' ? ")" : "");
  np_print_line(f->usable ? "  ok  " : "  no  ", line);
}

static void print_cache(const struct np_cache_check *check, uint32_t count) {
  char size[NP_SIZE_TEXT], room[NP_SIZE_TEXT + 16];
  snprintf(room, sizeof room, check->free_bytes == UINT64_MAX ? "%s" : "; %s free", check->free_bytes == UINT64_MAX ? "" : np_size_text(size, check->free_bytes));
  print_subject(&check->plain);
  if (check->plain.usable) print_unpacked("unpacked", check->missing.paths, count, room);
  else print_reason(&check->plain);
  if (check->relocated.usable && check->missing_relocated.paths < count) print_unpacked("unpacked for the engine relocate", check->missing_relocated.paths, count, "");
  if (check->plain.usable && !check->relocated.usable) np_print_wrapped("      ", "not for the engine relocate: %s", check->relocated.cause);
}

static void print_relocation(const struct np_bundle *b) {
  unsigned shown = 0, more = 0;
  printf("\nRelocation\n");
  if (b->safe) {
    np_print_wrapped("  ", "Every reference between the store paths of this bundle can be rewritten.");
    return;
  }
  np_print_wrapped("  ", "These files hold references that cannot be rewritten; with the engine relocate, what needs them may fail:");
  for (uint32_t i = 0; i < b->path_count; i++) {
    for (const char *note = b->paths[i].notes; *note != '\0';) {
      char line[2 * PATH_MAX];
      size_t length = strcspn(note, "\n"), reason = strcspn(note, "\t\n");
      const char *file = note[reason] == '\t' ? note + reason + 1 : note + reason;
      snprintf(line, sizeof line, "%-10.*s  " NP_STORE_DIR "/%s%s%.*s", (int)reason, note, b->paths[i].name, file < note + length ? "/" : "",
               (int)(note + length - file), file);
      if (shown < NOTES_SHOWN) np_print_line("      ", line);
      shown < NOTES_SHOWN ? shown++ : more++;
      note += length + (note[length] == '\n');
    }
  }
  if (more > 0) np_print_wrapped("      ", "and %u more, which --json shows", more);
}

static void print_start(const struct np_examination *e) {
  const struct np_start *s = &e->start;
  char size[NP_SIZE_TEXT];
  printf("\nStart\n");
  if (s->engine == NULL) {
    np_print_wrapped("  no  ", "A start would fail: %s.", s->problem);
    return;
  }
  if (s->cache == NULL) {
    np_print_wrapped("  ok  ", "A start would use the engine %s%s.", s->engine,
                     s->in_memory ? " and unpack into memory, for that run only, because no cache directory can be used" : "");
    return;
  }
  const struct np_missing *missing = s->missing;
  np_print_wrapped("  ok  ", "A start would use the engine %s and the cache directory %s.", s->engine, s->cache->plain.subject);
  if (missing == NULL) np_print_wrapped("      ", "Everything but the runtime would be taken from the host's own " NP_STORE_DIR ".");
  else if (missing->paths == 0) np_print_wrapped("      ", "Everything is unpacked already.");
  else np_print_wrapped("      ", "It would unpack %u store path%s, about %s.", missing->paths, plural(missing->paths), np_size_text(size, missing->bytes));
}

void np_doctor_print(const struct np_examination *e) {
  bool needs_kernel = false;
  print_bundle(e->bundle);
  print_host();
  printf("\nCache directories, in the order of a start\n");
  for (size_t i = 0; i < e->cache_count; i++) print_cache(&e->caches[i], e->bundle->path_count);
  printf("\nEngines, in the order of a start\n");
  for (int i = 0; i < NP_ENGINE_COUNT; i++) {
    const struct np_finding *f = &e->engines[i];
    print_subject(f);
    if (!f->usable) print_reason(f);
    needs_kernel = needs_kernel || (!f->usable && (strcmp(f->subject, "mount") == 0 || strcmp(f->subject, "userns") == 0));
  }
  if (needs_kernel)
    np_print_wrapped("  ", "The engine relocate needs none of this: no namespaces, no mounts, no right of root; only a cache directory with a short path.");
  print_relocation(e->bundle);
  print_start(e);
}

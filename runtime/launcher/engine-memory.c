// The engine that worked last time. It is remembered with a digest of what could change the answer, and tried first; it is
// tried for real all the same, so that a memory that is wrong costs time and nothing else.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "fd.h"
#include "sha256.h"

#define MEMORIES "engines"
#define MEMORY_NAME_SIZE (sizeof MEMORIES + 2 * NP_SHA256_SIZE + 1)
#define KEY_SIZE (2 * NP_SHA256_SIZE + 1)

struct facts {
  char text[6000];
  size_t used;
};

static void add(struct facts *f, const char *name, const char *value) {
  int length = snprintf(f->text + f->used, sizeof f->text - f->used, "%s=%s\n", name, value);
  if (length > 0 && f->used + (size_t)length < sizeof f->text) f->used += (size_t)length;
}

static void add_file(struct facts *f, const char *path) {
  char text[256];
  add(f, path, np_read_text(AT_FDCWD, path, text, sizeof text) >= 0 ? text : "-");
}

static void add_link(struct facts *f, const char *path) {
  char target[256];
  ssize_t length = readlink(path, target, sizeof target - 1);
  target[length > 0 ? length : 0] = '\0';
  add(f, path, target);
}

// Capabilities, NoNewPrivs, Seccomp.
static void add_status(struct facts *f) {
  static const char *const fields[] = { "\nCapEff:", "\nCapBnd:", "\nNoNewPrivs:", "\nSeccomp:", "\nSeccomp_filters:" };
  char text[4096];
  if (np_read_text(AT_FDCWD, "/proc/self/status", text, sizeof text) <= 0) return;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const char *line = strstr(text, fields[i]);
    char value[64] = "";
    if (line != NULL) snprintf(value, sizeof value, "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
    add(f, fields[i] + 1, value);
  }
}

static void add_store(struct facts *f) {
  struct stat status;
  char text[96] = "-";
  if (stat(NP_STORE_DIR, &status) == 0)
    snprintf(text, sizeof text, "%llu %llu %lld.%09ld", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
             (long long)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  add(f, NP_STORE_DIR, text);
}

static void name_memory(const struct np_bundle *b, char name[MEMORY_NAME_SIZE]) {
  int used = snprintf(name, MEMORY_NAME_SIZE, MEMORIES "/");
  for (int i = 0; i < NP_SHA256_SIZE; i++) used += snprintf(name + used, 3, "%02x", b->identity[i]);
}

static void name_key(const struct np_cache *cache, char key[KEY_SIZE]) {
  static const char *const files[] = {
    "/proc/sys/user/max_user_namespaces", "/proc/sys/user/max_mnt_namespaces", "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "/proc/sys/kernel/osrelease", "/proc/self/attr/current",
  };
  struct facts f = { .used = 0 };
  uint8_t digest[NP_SHA256_SIZE];
  char ids[64];
  snprintf(ids, sizeof ids, "%lu %lu %lu", (unsigned long)getuid(), (unsigned long)geteuid(), (unsigned long)getegid());
  add(&f, "ids", ids);
  add(&f, "boot", cache->boot);
  add(&f, "cache", cache->path);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) add_file(&f, files[i]);
  add_link(&f, "/proc/self/ns/user");
  add_link(&f, "/proc/self/ns/mnt");
  add_link(&f, "/proc/self/root");
  add_status(&f);
  add_store(&f);
  np_sha256(f.text, f.used, digest);
  for (int i = 0; i < NP_SHA256_SIZE; i++) snprintf(key + 2 * i, 3, "%02x", digest[i]);
}

const struct np_engine *np_engine_recall(const struct np_place *p, const struct np_engine *const order[NP_ENGINE_COUNT]) {
  char file[MEMORY_NAME_SIZE], key[KEY_SIZE], memory[KEY_SIZE + 32];
  name_memory(p->bundle, file);
  if (!p->has_cache || np_read_text(p->cache.dir, file, memory, sizeof memory) <= 0) return NULL;
  name_key(&p->cache, key);
  char *name = strchr(memory, ' ');
  if (name == NULL) return NULL;
  *name++ = '\0';
  if (strcmp(memory, key) != 0) return NULL;
  for (size_t i = 0; i < NP_ENGINE_COUNT; i++)
    if (strcmp(order[i]->name, name) == 0) return order[i];
  return NULL;
}

void np_engine_remember(const struct np_place *p, const struct np_engine *engine) {
  char file[MEMORY_NAME_SIZE], key[KEY_SIZE], memory[KEY_SIZE + 32], known[KEY_SIZE + 32], temporary[64];
  struct timespec now;
  if (!p->has_cache || p->cache.read_only) return;
  name_memory(p->bundle, file);
  name_key(&p->cache, key);
  snprintf(memory, sizeof memory, "%s %s", key, engine->name);
  if (np_read_text(p->cache.dir, file, known, sizeof known) > 0 && strcmp(known, memory) == 0) return;
  if (mkdirat(p->cache.dir, MEMORIES, 0700) != 0 && errno != EEXIST) return;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(temporary, sizeof temporary, "engine-%ld-%lld-%ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
  cleanup_fd int fd = openat(p->cache.tmp, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return;
  if (np_write_all(fd, memory, strlen(memory)) != 0 || renameat(p->cache.tmp, temporary, p->cache.dir, file) != 0)
    (void)unlinkat(p->cache.tmp, temporary, 0);
}

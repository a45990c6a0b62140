// One candidate's directory. Attacks prevented: a directory, or a symlink to one, that another user planted under a
// predictable name; a directory that others can write to.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-find.h"

bool np_candidate_elsewhere(struct np_finding *f) {
  return np_finding_again(f, "NIXPACK_CACHE_DIR=/some/dir");
}

static bool failed(struct np_finding *f, const char *call, const char *path) {
  (void)np_finding_failed(f, call, errno);
  return np_explain_create(f, path);
}

// Accident prevented: root with another user's HOME (sudo) must not leave root's files there.
static bool check_parent(const char *path, struct np_finding *f) {
  char parent[PATH_MAX];
  struct stat status;
  snprintf(parent, sizeof parent, "%s", path);
  char *slash = strrchr(parent, '/');
  slash[slash == parent ? 1 : 0] = '\0';
  if (stat(parent, &status) != 0) return failed(f, "stat", path);
  if (status.st_uid == geteuid() || status.st_uid == 0 || (status.st_mode & S_ISVTX)) return true;
  (void)np_finding_failed(f, "stat", 0);
  (void)np_finding_cause(f, "its parent directory belongs to another user (uid %lu)", (unsigned long)status.st_uid);
  return np_candidate_elsewhere(f);
}

static bool make_directory(const struct np_candidate *c, const char *path, size_t *created, struct np_finding *f) {
  if (!c->forced && !check_parent(path, f)) return false;
  if (mkdir(path, 0700) == 0) {
    if (*created == 0) *created = strlen(path);
  } else if (errno != EEXIST) {
    return failed(f, "mkdir", path);
  }
  return true;
}

// The user's own choice may lie in a directory of anybody's; missing parents of the others are made only where they belong to us.
static bool make_parents(struct np_candidate *c, int levels, size_t *created, struct np_finding *f) {
  char *path = c->path, *slash = strrchr(path, '/');
  struct stat status;
  bool good = true;
  if (slash == NULL || slash == path) return true;
  *slash = '\0';
  if (stat(path, &status) != 0) {
    if (errno != ENOENT || levels == 0) good = failed(f, "stat", path);
    if (good) good = make_parents(c, levels - 1, created, f);
    if (good) good = make_directory(c, path, created, f);
  }
  *slash = '/';
  return good;
}

static bool is_foreign(const struct stat *status, struct np_finding *f) {
  (void)np_finding_failed(f, "fstat", 0);
  (void)np_finding_cause(f, "it belongs to another user (uid %lu, this is uid %lu)", (unsigned long)status->st_uid, (unsigned long)geteuid());
  return np_candidate_elsewhere(f);
}

// Root lets others look up names in its cache (a service that drops root runs relocated programs from it), not list or change it.
static bool check_owner(int fd, const struct np_candidate *c, bool examine, struct np_finding *f) {
  const mode_t excess = geteuid() == 0 ? 066 : 077;
  char quoted[NP_QUOTED_MAX];
  struct stat status;
  if (fstat(fd, &status) != 0) return failed(f, "fstat", c->path);
  if (status.st_uid != geteuid()) return is_foreign(&status, f);
  (void)np_finding_failed(f, "fstat", 0);
  if (status.st_mode & 022) {
    (void)np_finding_cause(f, "other users can write to it (mode %04o)", status.st_mode & 07777);
    return np_finding_remedy(f, "chmod go-w %s", np_shell_quote(quoted, sizeof quoted, c->path));
  }
  if (!c->forced && !examine && (status.st_mode & excess) != 0 && fchmod(fd, status.st_mode & 07777 & ~excess) != 0 && errno != EROFS)
    return failed(f, "fchmod", c->path);
  return true;
}

static bool is_of_cache(const char *name) {
  static const char *const names[] = { ".", "..", "store", "tmp", "locks", "durable", "pending", "trees", "roots", "engines", "gc", "lost+found" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (strcmp(name, names[i]) == 0) return true;
  return strncmp(name, NP_PROBE, strlen(NP_PROBE)) == 0 || name[strspn(name, "0123456789")] == '\0';
}

// Accident prevented: a directory with other content (a HOME, say) whose `tmp` and `store` would be taken for ours.
// The probe is the first thing that is written to a cache.
static bool check_content(int fd, const struct np_candidate *c, struct np_finding *f) {
  char setting[NP_QUOTED_MAX + 32], inside[PATH_MAX + 8], quoted[NP_QUOTED_MAX];
  int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  struct stat status;
  bool foreign = false;
  if (dir == NULL) {
    (void)failed(f, "open", c->path);
    if (copy >= 0) close(copy);
    return false;
  }
  for (struct dirent *entry; !foreign && (entry = readdir(dir)) != NULL;) foreign = !is_of_cache(entry->d_name);
  closedir(dir);
  if (!foreign || fstatat(fd, NP_PROBE, &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  (void)np_finding_failed(f, "readdir", 0);
  (void)np_finding_cause(f, "it holds something else than a cache");
  snprintf(inside, sizeof inside, "%s/nixpack", c->path);
  snprintf(setting, sizeof setting, "NIXPACK_CACHE_DIR=%s", np_shell_quote(quoted, sizeof quoted, inside));
  return np_finding_again(f, setting);
}

static bool is_link(const struct np_candidate *c, struct np_finding *f) {
  char target[PATH_MAX], setting[NP_QUOTED_MAX + 32], quoted[NP_QUOTED_MAX];
  (void)np_finding_failed(f, "lstat", 0);
  (void)np_finding_cause(f, "it is a symbolic link");
  if (!c->forced || realpath(c->path, target) == NULL) return np_candidate_elsewhere(f);
  snprintf(setting, sizeof setting, "NIXPACK_CACHE_DIR=%s", np_shell_quote(quoted, sizeof quoted, target));
  return np_finding_again(f, setting);
}

int np_candidate_open(struct np_candidate *c, bool examine, size_t *created, struct np_finding *f) {
  struct stat status;
  *created = 0;
  if (!make_parents(c, c->own_parents, created, f)) return -1;
  if (lstat(c->path, &status) != 0) {
    if (errno != ENOENT) (void)failed(f, "lstat", c->path);
    if (errno != ENOENT || !make_directory(c, c->path, created, f)) return -1;
  } else if (S_ISLNK(status.st_mode)) {
    (void)is_link(c, f);
    return -1;
  }
  int fd = open(c->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  // Another user's may not even be opened; that it is another user's is the better answer.
  if (fd < 0 && errno == EACCES && lstat(c->path, &status) == 0 && status.st_uid != geteuid()) (void)is_foreign(&status, f);
  else if (fd < 0) (void)failed(f, "open", c->path);
  else if (check_owner(fd, c, examine, f) && (!c->forced || check_content(fd, c, f))) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

void np_candidate_remove(const char *path, size_t created) {
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", path);
  // Past what cannot be removed: a part may be "..".
  while (created > 0 && strlen(part) >= created) {
    (void)rmdir(part);
    *strrchr(part, '/') = '\0';
  }
}

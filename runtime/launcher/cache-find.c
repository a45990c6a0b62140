// The search for a usable cache directory. Attacks prevented: a directory, or a symlink to one, that another user planted
// under a predictable name; a directory that others can write to.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "fd.h"

struct candidate {
  char path[PATH_MAX];
  int own_parents;  // how many missing parents may be created
};

// Accident prevented: root with another user's HOME (sudo) must not leave root's files there.
static const char *check_parent(const char *path) {
  char parent[PATH_MAX];
  struct stat status;
  snprintf(parent, sizeof parent, "%s", path);
  char *slash = strrchr(parent, '/');
  slash[slash == parent ? 1 : 0] = '\0';
  if (stat(parent, &status) != 0) return strerror(errno);
  return status.st_uid != geteuid() && status.st_uid != 0 && !(status.st_mode & S_ISVTX)
             ? "its parent directory belongs to another user" : NULL;
}

// The user's own choice may lie in a directory of anybody's; missing parents of the others are made only where they belong to us.
static const char *make_parents(char *path, int levels, bool forced) {
  char *slash = strrchr(path, '/');
  struct stat status;
  const char *problem = NULL;
  if (slash == NULL || slash == path) return NULL;
  *slash = '\0';
  if (stat(path, &status) != 0) {
    if (errno != ENOENT || levels == 0) problem = strerror(errno);
    if (problem == NULL) problem = make_parents(path, levels - 1, forced);
    if (problem == NULL && !forced) problem = check_parent(path);
    if (problem == NULL && mkdir(path, 0700) != 0 && errno != EEXIST) problem = strerror(errno);
  }
  *slash = '/';
  return problem;
}

static const char *check_owner(int fd, bool forced) {
  struct stat status;
  if (fstat(fd, &status) != 0) return strerror(errno);
  if (status.st_uid != geteuid()) return "it belongs to another user";
  if (status.st_mode & 022) return "other users can write to it";
  if (!forced && (status.st_mode & 077) != 0 && fchmod(fd, 0700) != 0) return strerror(errno);
  return NULL;
}

static bool is_of_cache(const char *name) {
  static const char *const names[] = { ".", "..", "store", "tmp", "locks", "durable", "pending", "lost+found" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (strcmp(name, names[i]) == 0) return true;
  return strncmp(name, NP_PROBE, strlen(NP_PROBE)) == 0;
}

// Accident prevented: a directory with other content (a HOME, say) whose `tmp` and `store` would be taken for ours.
// The probe is the first thing that is written to a cache.
static const char *check_content(int fd) {
  int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  struct stat status;
  bool foreign = false;
  if (dir == NULL) {
    if (copy >= 0) close(copy);
    return strerror(errno);
  }
  for (struct dirent *entry; !foreign && (entry = readdir(dir)) != NULL;)
    foreign = !is_of_cache(entry->d_name);
  closedir(dir);
  return foreign && fstatat(fd, NP_PROBE, &status, AT_SYMLINK_NOFOLLOW) != 0 ? "it holds something else than a cache" : NULL;
}

// NULL when the cache is open; otherwise why it cannot be used.
static const char *try_candidate(struct np_cache *cache, struct candidate *candidate, bool forced) {
  static char reason[300];
  char *path = candidate->path;
  if (path[0] != '/') return "its path is not absolute";
  for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--) path[end - 1] = '\0';
  const char *problem = make_parents(path, candidate->own_parents, forced);
  if (problem != NULL) return problem;
  struct stat status;
  if (lstat(path, &status) != 0) {
    problem = errno != ENOENT ? strerror(errno) : forced ? NULL : check_parent(path);
    if (problem != NULL) return problem;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return strerror(errno);
  } else if (S_ISLNK(status.st_mode)) {
    return "it is a symbolic link";
  }
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return strerror(errno);
  problem = check_owner(fd, forced);
  if (problem == NULL && forced) problem = check_content(fd);
  if (problem == NULL && (problem = np_cache_probe(fd)) != NULL) {
    snprintf(reason, sizeof reason, "cannot %s in it: %s", problem, strerror(errno));
    problem = reason;
  }
  if (problem == NULL) {
    if (np_cache_open_at(cache, fd, path) == 0) return NULL;
    return strerror(errno);
  }
  close(fd);
  return problem;
}

static bool from_variable(struct candidate *candidate, const char *variable, const char *below, int own_parents) {
  const char *value = getenv(variable);
  if (value == NULL || value[0] == '\0') return false;
  int length = snprintf(candidate->path, sizeof candidate->path, "%s%s", value, below);
  candidate->own_parents = own_parents;
  return length > 0 && (size_t)length < sizeof candidate->path;
}

static bool from_uid(struct candidate *candidate, const char *prefix) {
  snprintf(candidate->path, sizeof candidate->path, "%s/nixpack-%lu", prefix, (unsigned long)geteuid());
  candidate->own_parents = 0;
  return true;
}

static bool nth_candidate(struct candidate *candidate, int number) {
  switch (number) {
    case 0: return from_variable(candidate, "XDG_CACHE_HOME", "/nixpack", 8);
    case 1: return from_variable(candidate, "HOME", "/.cache/nixpack", 1);
    case 2:
      snprintf(candidate->path, sizeof candidate->path, "/var/cache/nixpack");
      candidate->own_parents = 0;
      return geteuid() == 0;
    case 3: return from_variable(candidate, "XDG_RUNTIME_DIR", "/nixpack", 0);
    case 4: return from_uid(candidate, "/var/tmp");
    case 5: return from_uid(candidate, "/tmp");
    default: return from_uid(candidate, "/dev/shm");
  }
}

static int find_forced(struct np_cache *cache, const struct np_cache_request *request, struct np_error *error) {
  struct candidate candidate;
  char cwd[PATH_MAX];
  if (!from_variable(&candidate, "NIXPACK_CACHE_DIR", "", 32)) {
    np_fail(error, NP_CACHE_UNWRITABLE, "cannot use NIXPACK_CACHE_DIR: %s", strerror(ENAMETOOLONG));
    return -1;
  }
  if (candidate.path[0] != '/' && getcwd(cwd, sizeof cwd) != NULL) {
    char relative[PATH_MAX];
    memcpy(relative, candidate.path, sizeof relative);
    if (snprintf(candidate.path, sizeof candidate.path, "%s/%s", cwd, relative) >= (int)sizeof candidate.path) candidate.path[0] = '\0';
  }
  const char *problem = request->relocated ? np_relocation_problem(request->bundle, candidate.path) : NULL;
  if (problem == NULL) problem = try_candidate(cache, &candidate, true);
  if (problem == NULL) return 0;
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot use cache directory \"%s\" (from NIXPACK_CACHE_DIR): %s", candidate.path, problem);
  np_hint(error, "set NIXPACK_CACHE_DIR to an empty or new directory of your own in which programs may be executed, or unset it");
  return -1;
}

int np_cache_find(struct np_cache *cache, const struct np_cache_request *request, struct np_error *error) {
  struct candidate candidate;
  char reasons[900] = "";
  size_t used = 0;
  memset(cache, 0, sizeof *cache);
  cache->dir = cache->store = cache->tmp = cache->locks = cache->durable = cache->pending = -1;
  const char *forced = getenv("NIXPACK_CACHE_DIR");
  if (forced != NULL && forced[0] != '\0') return find_forced(cache, request, error);
  for (int i = request->first; i < 7; i++) {
    if (!nth_candidate(&candidate, i)) continue;
    const char *problem = request->relocated ? np_relocation_problem(request->bundle, candidate.path) : NULL;
    if (problem == NULL) problem = try_candidate(cache, &candidate, false);
    cache->candidate = i;
    if (problem == NULL) return 0;
    int length = snprintf(reasons + used, sizeof reasons - used, "%s\"%s\": %s", used > 0 ? "; " : "", candidate.path, problem);
    if (length > 0 && used + (size_t)length < sizeof reasons) used += (size_t)length;
    else reasons[used] = '\0';
  }
  np_fail(error, NP_CACHE_UNWRITABLE, "cannot find a usable cache directory: %s", reasons);
  np_hint(error, "set NIXPACK_CACHE_DIR to a directory of your own in which programs may be executed");
  return 1;
}

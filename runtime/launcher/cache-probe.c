// Executes a minimal program in the cache directory. Mount options do not tell: noexec may come from a policy, too.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache-find.h"
#include "fd.h"

#define PROBE_STATUS 42
#define LE16(v) (v) & 0xff, (v) >> 8
#define LE64(v) (v) & 0xff, ((v) >> 8) & 0xff, ((v) >> 16) & 0xff, 0, 0, 0, 0, 0

#if defined(__x86_64__)
#define MACHINE 62
// mov edi, 42; mov eax, 60 (exit); syscall
#define CODE 0xbf, PROBE_STATUS, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05
#elif defined(__aarch64__)
#define MACHINE 183
// mov x0, #42; mov x8, #93 (exit); svc #0
#define CODE 0x40, 0x05, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4
#else
#error "the probe needs the machine code of exit(42) for this processor"
#endif

// ELF header, one PT_LOAD segment that maps the whole file, 12 bytes of code at 120.
static const unsigned char probe[] = {
  0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  LE16(2), LE16(MACHINE), 1, 0, 0, 0, LE64(0x400078),
  LE64(64), LE64(0), 0, 0, 0, 0, LE16(64), LE16(56), LE16(1), LE16(64), LE16(0), LE16(0),
  1, 0, 0, 0, 5, 0, 0, 0, LE64(0), LE64(0x400000), LE64(0x400000), LE64(132), LE64(132), LE64(0x1000),
  CODE,
};

// Process numbers alone are no name of one's own, two containers may share a cache.
static void name_own(char *name, size_t size) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(name, size, NP_PROBE ".%ld-%lld-%ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
}

static const char *write_probe(int dir, const char *name) {
  int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
  if (fd < 0) return "openat(\"" NP_PROBE "\")";
  int failed = np_write_all(fd, probe, sizeof probe) != 0 || fchmod(fd, 0500) != 0;
  failed |= close(fd) != 0;
  if (!failed) return NULL;
  int saved = errno;
  (void)unlinkat(dir, name, 0);
  errno = saved;
  return "write(\"" NP_PROBE "\")";
}

// Under a name of its own until its descriptor is closed: executing a file that anybody has open for writing fails.
static const char *create_probe(int dir) {
  char name[64];
  name_own(name, sizeof name);
  const char *problem = write_probe(dir, name);
  if (problem != NULL || renameat(dir, name, dir, NP_PROBE) == 0) return problem;
  int saved = errno;
  (void)unlinkat(dir, name, 0);
  errno = saved;
  return "renameat(\"" NP_PROBE "\")";
}

// The child's errno comes back as its status, behind the one of a probe that has run.
static const char *run_probe(int dir, const char *name) {
  int status = 0;
  pid_t child = fork();
  if (child < 0) return "execve: fork";
  if (child == 0) {
    char *const none[] = { NULL };
    if (fchdir(dir) == 0) execve(name, none, none);
    _exit(PROBE_STATUS + 1 + (errno < 200 ? errno : EACCES));
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == PROBE_STATUS) return NULL;
  errno = WIFEXITED(status) && WEXITSTATUS(status) > PROBE_STATUS + 1 ? WEXITSTATUS(status) - PROBE_STATUS - 1 : EPERM;
  return WIFSIGNALED(status) ? "execve(\"" NP_PROBE "\"), killed" : "execve(\"" NP_PROBE "\")";
}

bool np_cache_is_writable(int dir) {
  // Without a flag it is an old system call, which no filter of a container forgets.
  return faccessat(dir, ".", W_OK, getuid() == geteuid() ? 0 : AT_EACCESS) == 0;
}

const char *np_cache_probe(int dir) {
  struct stat status;
  bool fresh = fstatat(dir, NP_PROBE, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
               status.st_size != (off_t)sizeof probe || status.st_uid != geteuid();
  const char *problem = fresh ? create_probe(dir) : NULL;
  if (problem == NULL && !fresh && !np_cache_is_writable(dir)) problem = "faccessat(W_OK)";
  if (problem == NULL) problem = run_probe(dir, NP_PROBE);
  // Truncated by a crash, or removed by a cleaner meanwhile.
  if (problem != NULL && !fresh && create_probe(dir) == NULL) problem = run_probe(dir, NP_PROBE);
  return problem;
}

const char *np_cache_probe_existing(int dir) {
  return run_probe(dir, NP_PROBE);
}

const char *np_cache_probe_once(int dir) {
  char name[64];
  name_own(name, sizeof name);
  const char *problem = write_probe(dir, name);
  if (problem != NULL) return problem;
  problem = run_probe(dir, name);
  int saved = errno;
  (void)unlinkat(dir, name, 0);
  errno = saved;
  return problem;
}

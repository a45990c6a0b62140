// A plain bundle's hand-over: same PID, arguments, environment, working directory, descriptors and signal state.
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

int np_plain_exec(struct np_place *place, char **argv, struct np_error *error) {
  const struct np_bundle *b = place->bundle;
  char program[PATH_MAX];
  struct stat status;
  char *no_arguments[] = { (char *)(uintptr_t)b->name, NULL };
  int length = snprintf(program, sizeof program, "%s%s%s", place->entrypoint, b->program[0] != '\0' ? "/" : "", b->program);
  if (length < 0 || (size_t)length >= sizeof program) return np_fail(error, NP_PROCESS_NOT_FOUND, "cannot run the program of the bundle: its name is too long");
  // Nothing of ours remains that could hold it.
  if (place->directory > 2) (void)fcntl(place->directory, F_SETFD, 0);
  place->directory = -1;
  np_place_close(place);
  np_signals_restore();
  execve(program, argv[0] != NULL ? argv : no_arguments, environ);
  int reason = errno;
  if (reason == ENOENT && stat(program, &status) == 0) {
    np_fail(error, NP_PROCESS_NOT_FOUND, "cannot run \"%s\": the interpreter that its first bytes name does not exist", program);
    np_hint(error, "bundle a closure that holds the interpreter");
    return -1;
  }
  enum np_code code = reason == ENOENT || reason == ENOTDIR ? NP_PROCESS_NOT_FOUND : NP_PROCESS_NOT_EXECUTABLE;
  return np_fail(error, code, "cannot run \"%s\": %s", program, strerror(reason));
}

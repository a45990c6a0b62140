// The supervisor's command line and environment.
#include "composed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cwd.h"
#include "environment.h"
#include "init.h"

#if defined(__aarch64__)
#define LOADER "ld-linux-aarch64.so.1"
#else
#define LOADER "ld-linux-x86-64.so.2"
#endif

struct runtime_paths {
  char runtime[PATH_MAX];
  char entrypoint[PATH_MAX];
  char loader[PATH_MAX + 32];
  char libraries[PATH_MAX + 32];
  char supervisor[PATH_MAX + 32];
  char identity[2 * NP_SHA256_SIZE + 1];
};

static void name_paths(struct runtime_paths *p, const struct np_place *place) {
  memcpy(p->runtime, place->runtime, sizeof p->runtime);
  memcpy(p->entrypoint, place->entrypoint, sizeof p->entrypoint);
  snprintf(p->loader, sizeof p->loader, "%s/lib/" LOADER, p->runtime);
  snprintf(p->libraries, sizeof p->libraries, "%s/lib", p->runtime);
  snprintf(p->supervisor, sizeof p->supervisor, "%s/bin/supervisor", p->runtime);
  for (int i = 0; i < NP_SHA256_SIZE; i++) snprintf(p->identity + 2 * i, 3, "%02x", place->bundle->identity[i]);
}

// Node looks for an --env-file of its own in everything up to "--", behind the script, too: it would take NODE_OPTIONS from that
// file, and end when there is none.
static char **make_arguments(struct runtime_paths *p, char *argv0, char **user) {
  static char argv0_option[] = "--argv0", path_option[] = "--library-path", separator[] = "--";
  size_t count = 0;
  while (user[count] != NULL) count++;
  char **arguments = calloc(count + 8, sizeof *arguments);
  if (arguments == NULL) return NULL;
  char *fixed[] = { p->loader, argv0_option, argv0, path_option, p->libraries, p->supervisor, separator };
  memcpy(arguments, fixed, sizeof fixed);
  memcpy(arguments + 7, user, count * sizeof *user);
  return arguments;
}

// V8 reserves about a GiB of addresses for machine code and tables. Where a limit forbids that, it has to do without machine code,
// and says that it cannot use the script's code cache then, which is nobody's concern.
static const char *node_options(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < (rlim_t)2 << 30 ? "--jitless --no-warnings" : "";
}

int np_composed_run(struct np_place *place, char **argv, struct np_error *error) {
  struct np_bundle *b = place->bundle;
  static char name[NAME_MAX + 1];
  static struct runtime_paths paths;
  snprintf(name, sizeof name, "%s", b->name);
  name_paths(&paths, place);
  struct np_cwd cwd;
  // Node cannot start in a directory without a path, nor can the processes.
  np_cwd_save(&cwd);
  np_cwd_restore(&cwd);
  char *argv0 = argv[0] != NULL ? argv[0] : name;
  const struct np_setting settings[] = {
    { "NIXPACK_BUNDLE", b->file },        { "NIXPACK_ARGV0", argv0 },   { "NIXPACK_ENTRYPOINT", paths.entrypoint },
    { "NIXPACK_RUNTIME", paths.runtime }, { "NIXPACK_ENGINE", place->engine }, { "NIXPACK_VERSION_INFO", paths.identity },
    // Node reads the host's /etc/ssl/openssl.cnf at its start, and gives up when there is something in it that it cannot use.
    { "OPENSSL_CONF", "/dev/null" },
    { "NODE_OPTIONS", node_options() },
  };
  // Node takes a name with a dash, which a login shell has, for an option.
  char *node_name = argv0 + strspn(argv0, "-");
  char **arguments = make_arguments(&paths, node_name[0] != '\0' ? node_name : name, argv[0] != NULL ? argv + 1 : argv);
  char **environment = np_environment(environ, settings, sizeof settings / sizeof *settings);
  np_error_name(name);
  const int lease = place->lease, directory = place->directory;
  place->lease = place->directory = -1;
  np_place_close(place);
  np_bundle_free(b);
  if (arguments == NULL || environment == NULL) {
    free(arguments);
    free(environment);
    return np_fail(error, NP_STORE_UNAVAILABLE, "cannot start the supervisor: out of memory");
  }
  const struct np_command command = { paths.loader, arguments, environment, lease, directory };
  return np_init_run(&command, error);
}

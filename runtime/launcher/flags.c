// Options of the launcher itself: --nixpack-… as the first argument. Nothing else is ever taken from the program.
#include "flags.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "format.h"
#include "verify.h"

#define PREFIX "--nixpack-"
// Also without the prefix, as one of the commands of a composed bundle: it has to answer where the runtime cannot start.
#define DOCTOR "doctor"

bool np_flags_are_ours(const struct np_bundle *b, char **argv) {
  if (argv[0] == NULL || argv[1] == NULL) return false;
  return strncmp(argv[1], PREFIX, strlen(PREFIX)) == 0 || (b->composed && strcmp(argv[1], DOCTOR) == 0);
}

static int print_help(const struct np_bundle *b) {
  printf("%s is a nixpack bundle of %u store paths.\n"
         "Every argument goes to the program in it, unless the first one is\n"
         "  --nixpack-help           print this text\n"
         "  --nixpack-version        print the identity of the bundle\n"
         "  --nixpack-list           print the store paths in the bundle\n"
         "  --nixpack-verify [--repair]\n"
         "                           check every digest of the file, and what is unpacked of it\n"
         "  --nixpack-doctor [--json]\n"
         "                           tell whether and how it would start on this host, and what to do if not\n"
         "  --nixpack-extract [DIR]  write the store paths to DIR/nix/store (default: ./%s.extracted)\n"
         "Environment\n"
         "  NIXPACK_CACHE_DIR        directory to unpack to, instead of the search for one\n"
         "  NIXPACK_ENGINE           host, mount, userns, relocate or nix-dir, instead of the first that works\n",
         b->name, b->path_count, b->name);
  return 0;
}

static int print_version(const struct np_bundle *b) {
  printf("%s ", b->name);
  for (int i = 0; i < NP_SHA256_SIZE; i++) printf("%02x", b->identity[i]);
  printf(" (nixpack bundle format %d)\n", NP_FORMAT_VERSION);
  return 0;
}

static int print_list(const struct np_bundle *b) {
  for (uint32_t i = 0; i < b->path_count; i++) printf(NP_STORE_DIR "/%s\n", b->paths[i].name);
  return 0;
}

static int extract(const struct np_bundle *b, const char *target, struct np_error *error) {
  char own[300];
  snprintf(own, sizeof own, "%s.extracted", b->name);
  if (target == NULL) target = own;
  if (np_extract(b, target, error) != 0) return -1;
  printf("%s\n", target);
  return 0;
}

static int usage(const char *option, const char *why, struct np_error *error) {
  np_fail(error, NP_USAGE, "cannot use option \"%.200s\": %s", option, why);
  np_hint(error, "see --nixpack-help; arguments that start with --nixpack- and are meant for the program go behind --");
  return -1;
}

// -1 with the error; 1: one argument of this name; 0: none.
static int take_switch(char **argv, const char *name, struct np_error *error) {
  if (argv[2] == NULL) return 0;
  if (strcmp(argv[2], name) == 0 && argv[3] == NULL) return 1;
  return usage(argv[1], "it takes no such arguments", error);
}

static int run(struct np_bundle *b, char **argv, struct np_error *error) {
  const char *option = argv[1], *command = strncmp(option, PREFIX, strlen(PREFIX)) == 0 ? option + strlen(PREFIX) : option;
  bool is_extract = strcmp(command, "extract") == 0;
  int is_set = 0;
  if (is_extract && argv[2] != NULL && argv[3] != NULL) return usage(option, "it takes no such arguments", error);
  if (is_extract) return extract(b, argv[2], error);
  const char *own = strcmp(command, "verify") == 0 ? "--repair" : strcmp(command, DOCTOR) == 0 ? "--json" : "";
  if ((is_set = take_switch(argv, own, error)) < 0) return -1;
  if (strcmp(command, "help") == 0) return print_help(b);
  if (strcmp(command, "version") == 0) return print_version(b);
  if (strcmp(command, "list") == 0) return print_list(b);
  if (strcmp(command, "verify") == 0) return np_verify_run(b, is_set > 0, error);
  if (strcmp(command, DOCTOR) == 0) return np_doctor_run(b, is_set > 0);
  return usage(option, "it is not known", error);
}

// Only what np_reserve_stdio has put there closes itself on exec.
static bool was_closed(int fd) {
  int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

int np_flags_run(struct np_bundle *b, char **argv, struct np_error *error) {
  int result = run(b, argv, error);
  if (was_closed(1) && result >= 0) return np_fail(error, NP_OUTPUT_UNWRITABLE, "cannot write to standard output: %s", strerror(EBADF));
  if ((fflush(stdout) != 0 || ferror(stdout)) && result >= 0) return np_fail(error, NP_OUTPUT_UNWRITABLE, "cannot write to standard output");
  return result;
}

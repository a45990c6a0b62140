// nar-hash TREE...: the NAR hash and the size of each, by the launcher's code, for comparison with nix-store and find.
#include <fcntl.h>
#include <stdio.h>

#include "nar.h"
#include "tree-size.h"

static int print(const char *tree) {
  struct np_error error;
  uint8_t digest[NP_SHA256_SIZE];
  uint64_t bytes;
  if (np_nar_hash(AT_FDCWD, tree, NULL, digest, &error) != 0) return np_report(&error);
  if (np_tree_size(AT_FDCWD, tree, &bytes) != 0) return 2;
  for (int i = 0; i < NP_SHA256_SIZE; i++) printf("%02x", digest[i]);
  printf(" %llu\n", (unsigned long long)bytes);
  return 0;
}

int main(int argc, char **argv) {
  int status = 0;
  for (int i = 1; i < argc; i++) status |= print(argv[i]);
  return status;
}

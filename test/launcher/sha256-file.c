// Prints the SHA-256 of a file by the portable code and by the native code, for comparison with sha256sum.
#include <stdio.h>
#include <stdlib.h>

#include "sha256.h"

static void print_digest(const uint8_t digest[NP_SHA256_SIZE]) {
  for (int i = 0; i < NP_SHA256_SIZE; i++) printf("%02x", digest[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return 2;
  size_t size = (size_t)ftell(file);
  uint8_t *data = malloc(size + 1), digest[NP_SHA256_SIZE];
  rewind(file);
  if (data == NULL || fread(data, 1, size, file) != size) return 2;
  np_sha256(data, size, digest);
  print_digest(digest);
  uint32_t portable[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, native[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
  np_sha256_blocks *blocks = np_sha256_native();
  if (blocks == NULL) blocks = np_sha256_portable;
  np_sha256_portable(portable, data, size / 64);
  blocks(native, data, size / 64);
  for (int i = 0; i < 8; i++) if (portable[i] != native[i]) return 1;
  free(data);
  return fclose(file) != 0;
}

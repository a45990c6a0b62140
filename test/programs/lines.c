// lines COUNT WIDTH NAME [GO]: writes COUNT lines "NAME NUMBER ....", each WIDTH bytes with its line feed, as fast as they are
// taken, in blocks that end anywhere in a line. With GO, a FIFO, it begins when somebody has opened that for writing.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_all(const char *bytes, size_t left) {
  while (left > 0) {
    ssize_t written = write(1, bytes, left);
    if (written < 0) exit(1);
    bytes += written;
    left -= (size_t)written;
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const long count = atol(argv[1]);
  const size_t width = (size_t)atol(argv[2]);
  if (argc > 4 && open(argv[4], O_RDONLY) < 0) return 1;
  static char block[1 << 16], line[1 << 12];
  if (width < strlen(argv[3]) + 13 || width > sizeof line) return 2;
  size_t used = 0;
  for (long number = 0; number < count; number++) {
    int length = snprintf(line, sizeof line, "%s %010ld ", argv[3], number);
    memset(line + length, '.', width - (size_t)length - 1);
    line[width - 1] = '\n';
    size_t first = width < sizeof block - used ? width : sizeof block - used;
    memcpy(block + used, line, first);
    used += first;
    if (used < sizeof block) continue;
    write_all(block, used);
    memcpy(block, line + first, width - first);
    used = width - first;
  }
  write_all(block, used);
  return 0;
}

// check-lines WIDTH FILE...: reads what `lines` has written to these files, one after the other, and prints "LINES MISSING
// BROKEN": a line is missing when its number is not the next one, broken when it is not as it was written.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  const size_t width = (size_t)atol(argv[1]);
  static char buffer[1 << 20], line[1 << 13], padding[1 << 12];
  memset(padding, '.', sizeof padding);
  long lines = 0, missing = 0, broken = 0, expected = 0;
  for (int at = 2; at < argc; at++) {
    FILE *file = fopen(argv[at], "r");
    if (file == NULL) return 1;
    setvbuf(file, buffer, _IOFBF, sizeof buffer);
    while (fgets_unlocked(line, sizeof line, file) != NULL) {
      size_t length = strlen(line);
      char *number = strchr(line, ' '), *end = NULL;
      long value = number == NULL ? -1 : strtol(number + 1, &end, 10);
      lines++;
      if (length != width || line[width - 1] != '\n' || end == NULL || *end != ' ' ||
          memcmp(end + 1, padding, width - (size_t)(end - line) - 2) != 0) {
        broken++;
        continue;
      }
      if (value != expected) missing += value > expected ? value - expected : 1;
      expected = value + 1;
    }
    fclose(file);
  }
  printf("%ld %ld %ld\n", lines, missing, broken);
  return 0;
}

#include "number.h"

#include <errno.h>
#include <stdlib.h>

bool np_parse_number(const char *text, int base, long least, long most, long *value) {
  const char *digits = text[0] == '-' && least < 0 ? text + 1 : text;
  char *end;
  if (digits[0] < '0' || digits[0] > '9') return false;
  errno = 0;
  *value = strtol(text, &end, base);
  return errno == 0 && *end == '\0' && *value >= least && *value <= most;
}

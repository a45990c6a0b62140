#include "doctor-print.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define COLUMNS 80

// Attack prevented: a name that holds control sequences of terminals. C1 controls are a character of their own in UTF-8.
static size_t print_escaped(const char *text, size_t size) {
  const unsigned char *at = (const unsigned char *)text, *end = at + size;
  size_t columns = 0;
  while (at < end) {
    int length = np_utf8_length(at);
    if (length == 0 || *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0)) {
      columns += (size_t)printf("\\x%02x", *at++);
      continue;
    }
    fwrite(at, 1, (size_t)length, stdout);
    at += length;
    columns++;
  }
  return columns;
}

void np_print_wrapped(const char *lead, const char *format, ...) {
  char text[2 * PATH_MAX];
  size_t indent = strlen(lead), column = indent;
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fputs(lead, stdout);
  for (const char *at = text; *at != '\0';) {
    size_t length = strcspn(at, " ");
    if (column > indent && column + 1 + length > COLUMNS) {
      printf("\n%*s", (int)indent, "");
      column = indent;
    } else if (column > indent) {
      fputc(' ', stdout);
      column++;
    }
    column += print_escaped(at, length);
    at += length;
    while (*at == ' ') at++;
  }
  fputc('\n', stdout);
}

void np_print_line(const char *lead, const char *text) {
  fputs(lead, stdout);
  (void)print_escaped(text, strlen(text));
  fputc('\n', stdout);
}

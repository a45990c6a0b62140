// Message grammar, error codes and exit statuses of the launcher. Attack prevented: names out of a bundle or an
// environment that hold terminal control sequences are printed escaped.
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fd.h"

static const char *program_name = "nixpack";

// 125, whatever the build program says with the same code: whoever starts a bundle must be able to tell a failure of ours
// from one of the program in it. 126 and 127 mean what they mean to a shell.
static const struct {
  const char *name;
  int status;
} codes[] = {
  [NP_BUG] = { "BUG", 70 },
  [NP_USAGE] = { "USAGE_INVALID", 125 },
  [NP_PAYLOAD_CORRUPT] = { "PAYLOAD_CORRUPT", 125 },
  [NP_PAYLOAD_VERSION] = { "PAYLOAD_VERSION", 125 },
  [NP_CACHE_UNWRITABLE] = { "CACHE_UNWRITABLE", 125 },
  [NP_CACHE_LOCK_TIMEOUT] = { "CACHE_LOCK_TIMEOUT", 125 },
  [NP_CACHE_DAMAGED] = { "CACHE_DAMAGED", 125 },
  [NP_UNPACK_REFUSED] = { "UNPACK_REFUSED", 125 },
  [NP_STORE_UNAVAILABLE] = { "STORE_UNAVAILABLE", 125 },
  [NP_OUTPUT_UNWRITABLE] = { "OUTPUT_UNWRITABLE", 125 },
  [NP_PROCESS_NOT_EXECUTABLE] = { "PROCESS_NOT_EXECUTABLE", 126 },
  [NP_PROCESS_NOT_FOUND] = { "PROCESS_NOT_FOUND", 127 },
};

void np_error_name(const char *name) {
  if (name != NULL && name[0] != '\0') program_name = name;
}

int np_fail(struct np_error *error, enum np_code code, const char *format, ...) {
  int saved = errno;
  va_list args;
  error->code = code;
  error->hint[0] = '\0';
  va_start(args, format);
  vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  errno = saved;
  return -1;
}

void np_hint(struct np_error *error, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(error->hint, sizeof error->hint, format, args);
  va_end(args);
}

// C0, DEL and the two-byte UTF-8 form of C1.
static int is_control(const unsigned char *at) {
  return *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

// Bytes of a UTF-8 sequence; 0 for what is none, where terminals may see a single control character of eight bits.
static size_t sequence_size(const unsigned char *at) {
  size_t size = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < size; i++) if ((at[i] & 0xc0) != 0x80) return 0;
  return size;
}

static size_t escape(char *out, size_t size, const char *text) {
  size_t used = 0;
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0' && used + 17 < size;) {
    size_t length = sequence_size(at);
    bool plain = length > 0 && !is_control(at);
    for (const unsigned char *end = at + (length > 0 ? length : 1); at < end; at++) {
      if (plain) out[used++] = (char)*at;
      else used += (size_t)snprintf(out + used, size - used, "\\x%02x", *at);
    }
  }
  out[used] = '\0';
  return used;
}

// One write per line, so that lines of processes that start together do not mix.
static void print_line(const char *prefix, const char *text, const char *suffix) {
  char name[300], body[3000], line[3600];
  escape(name, sizeof name, prefix);
  escape(body, sizeof body, text);
  int length = snprintf(line, sizeof line, "%s%s%s\n", name, body, suffix);
  if (length > 0 && (size_t)length < sizeof line) np_write_all(2, line, (size_t)length);
}

void np_warn(const char *format, ...) {
  char text[1400], prefix[300];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  snprintf(prefix, sizeof prefix, "%s: warning: ", program_name);
  print_line(prefix, text, "");
}

int np_report(const struct np_error *error) {
  char prefix[300], suffix[64];
  snprintf(prefix, sizeof prefix, "%s: ", program_name);
  snprintf(suffix, sizeof suffix, "  [NIXPACK_%s]", codes[error->code].name);
  print_line(prefix, error->message, suffix);
  if (error->hint[0] != '\0') print_line("  hint: ", error->hint, "");
  return codes[error->code].status;
}

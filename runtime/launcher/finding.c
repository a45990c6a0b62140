#include "finding.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

bool np_finding_failed(struct np_finding *f, const char *call, int error) {
  snprintf(f->call, sizeof f->call, "%s", call);
  f->error = error;
  return false;
}

bool np_finding_cause(struct np_finding *f, const char *format, ...) {
  int saved = errno;
  va_list args;
  va_start(args, format);
  vsnprintf(f->cause, sizeof f->cause, format, args);
  va_end(args);
  errno = saved;
  return false;
}

// A command that does not fit is left out: half of one must never be typed.
bool np_finding_remedy(struct np_finding *f, const char *format, ...) {
  int saved = errno;
  size_t used = strlen(f->remedy);
  va_list args;
  if (used > 0 && used + 1 < sizeof f->remedy) f->remedy[used++] = '\n';
  va_start(args, format);
  int length = vsnprintf(f->remedy + used, sizeof f->remedy - used, format, args);
  va_end(args);
  if (length < 0 || used + (size_t)length >= sizeof f->remedy) f->remedy[used > 0 ? used - 1 : 0] = '\0';
  errno = saved;
  return false;
}

bool np_finding_again(struct np_finding *f, const char *setting) {
  char quoted[NP_QUOTED_MAX];
  const char *name = (const char *)getauxval(AT_EXECFN);
  return np_finding_remedy(f, "%s %s", setting, np_shell_quote(quoted, sizeof quoted, name != NULL ? name : "./bundle"));
}

// Of a path that would leave no room for the reason, both ends.
static size_t write_subject(char *text, size_t size, const char *subject) {
  size_t length = strlen(subject), part = size / 4;
  const char *quote = subject[0] == '/' ? "\"" : "";
  int used = length <= 2 * part ? snprintf(text, size, "%s%s%s", quote, subject, quote)
                                : snprintf(text, size, "%s%.*s...%s%s", quote, (int)part, subject, subject + length - part, quote);
  return used > 0 && (size_t)used < size ? (size_t)used : size - 1;
}

void np_finding_text(char *text, size_t size, const struct np_finding *f) {
  size_t at = write_subject(text, size, f->subject);
  if (f->origin[0] != '\0') at += (size_t)snprintf(text + at, size - at, " (from %s)", f->origin);
  if (f->error == 0) snprintf(text + at, size - at, ": %s", f->cause);
  else if (f->cause[0] == '\0') snprintf(text + at, size - at, ": %s: %s", f->call, strerror(f->error));
  else snprintf(text + at, size - at, ": %s: %s (%s)", f->call, strerror(f->error), f->cause);
}

void np_findings_join(char *text, size_t size, const struct np_finding *findings, size_t count) {
  char one[700];
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    np_finding_text(one, sizeof one, &findings[i]);
    int length = snprintf(text + used, size - used, "%s%s", used > 0 ? "; " : "", one);
    if (length > 0 && used + (size_t)length < size) {
      used += (size_t)length;
    } else if (used == 0) {
      return;  // cut, but something
    } else {
      snprintf(text + used, size - used, "; ...");
      return;
    }
  }
}

static bool is_plain(const char *text) {
  static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/._+@%=,:-";
  return text[0] != '\0' && text[strspn(text, plain)] == '\0';
}

static bool has_control(const char *text) {
  for (; *text != '\0'; text++) if ((unsigned char)*text < 0x20 || *text == 0x7f) return true;
  return false;
}

// '...' takes everything but the quote itself; control characters need $'...', which bash, zsh and busybox know.
const char *np_shell_quote(char *out, size_t size, const char *text) {
  size_t used = 0;
  if (is_plain(text)) {
    snprintf(out, size, "%s", text);
    return out;
  }
  bool escapes = has_control(text);
  used += (size_t)snprintf(out, size, escapes ? "$'" : "'");
  for (; *text != '\0' && used + 8 < size; text++) {
    unsigned char byte = (unsigned char)*text;
    if (escapes && (byte < 0x20 || byte == 0x7f)) used += (size_t)snprintf(out + used, size - used, "\\%03o", byte);
    else if (escapes && (byte == '\\' || byte == '\'')) used += (size_t)snprintf(out + used, size - used, "\\%c", byte);
    else if (byte == '\'') used += (size_t)snprintf(out + used, size - used, "'\\''");
    else out[used++] = (char)byte;
  }
  snprintf(out + used, size - used, "'");
  return out;
}

const char *np_size_text(char out[NP_SIZE_TEXT], uint64_t bytes) {
  static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
  size_t unit = 0;
  uint64_t rest = 0;
  for (; bytes >= 1024 && unit < 6; unit++) {
    rest = bytes % 1024;
    bytes /= 1024;
  }
  if (unit == 0 || bytes >= 100) snprintf(out, NP_SIZE_TEXT, "%llu %s", (unsigned long long)bytes, units[unit]);
  else snprintf(out, NP_SIZE_TEXT, "%llu.%llu %s", (unsigned long long)bytes, (unsigned long long)(rest * 10 / 1024), units[unit]);
  return out;
}

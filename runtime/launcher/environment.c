#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HIDDEN_PREFIX "NIXPACK_ENV_"

static bool is_hidden(const char *variable) {
  static const char *const prefixes[] = { "NODE_", "LD_", "UV_", "OPENSSL_", "SSL_CERT_", "GCONV_PATH", "MALLOC_", "GLIBC_", HIDDEN_PREFIX };
  for (unsigned i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0) return true;
  return false;
}

static bool is_replaced(const char *variable, const struct np_setting *settings, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    size_t length = strlen(settings[i].name);
    if (strncmp(variable, settings[i].name, length) == 0 && variable[length] == '=') return true;
  }
  return false;
}

static char *join(const char *first, const char *middle, const char *last) {
  size_t a = strlen(first), b = strlen(middle), c = strlen(last);
  char *text = malloc(a + b + c + 1);
  if (text == NULL) return NULL;
  memcpy(text, first, a);
  memcpy(text + a, middle, b);
  memcpy(text + a + b, last, c + 1);
  return text;
}

char **np_environment(char *const *inherited, const struct np_setting *settings, unsigned count) {
  size_t size = 0, used = 0;
  while (inherited[size] != NULL) size++;
  char **result = calloc(size + count + 1, sizeof *result);
  if (result == NULL) return NULL;
  for (size_t i = 0; i < size; i++) {
    if (!is_hidden(inherited[i]) && is_replaced(inherited[i], settings, count)) continue;
    result[used] = is_hidden(inherited[i]) ? join(HIDDEN_PREFIX, inherited[i], "") : inherited[i];
    if (result[used++] == NULL) return NULL;
  }
  for (unsigned i = 0; i < count; i++) {
    result[used] = join(settings[i].name, "=", settings[i].value);
    if (result[used++] == NULL) return NULL;
  }
  return result;
}

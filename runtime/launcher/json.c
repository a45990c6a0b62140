#include "json.h"

#include <string.h>

// Overlong forms, surrogates and what lies beyond U+10FFFF are not UTF-8.
int np_utf8_length(const unsigned char *at) {
  if (at[0] < 0x80) return at[0] != 0;
  int length = at[0] >= 0xc2 && at[0] <= 0xdf ? 2 : at[0] >= 0xe0 && at[0] <= 0xef ? 3 : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4 : 0;
  for (int i = 1; i < length; i++) if ((at[i] & 0xc0) != 0x80) return 0;
  if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) return 0;
  if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) return 0;
  return length;
}

static void print_string(FILE *out, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  fputc('"', out);
  while (*at != '\0') {
    int length = np_utf8_length(at);
    if (length == 0) {
      fprintf(out, "\\udc%02x", *at++);
      continue;
    }
    if (*at == '"' || *at == '\\') fprintf(out, "\\%c", *at);
    else if (*at < 0x20 || *at == 0x7f) fprintf(out, "\\u%04x", *at);
    else fwrite(at, 1, (size_t)length, out);
    at += length;
  }
  fputc('"', out);
}

static void print_name(struct np_json *json, const char *name) {
  if (json->has_items) fputc(',', json->out);
  json->has_items = true;
  if (name == NULL) return;
  print_string(json->out, name);
  fputc(':', json->out);
}

void np_json_begin(struct np_json *json, const char *name, char bracket) {
  print_name(json, name);
  fputc(bracket, json->out);
  json->has_items = false;
}

void np_json_end(struct np_json *json, char bracket) {
  fputc(bracket, json->out);
  json->has_items = true;
}

void np_json_text(struct np_json *json, const char *name, const char *text) {
  print_name(json, name);
  print_string(json->out, text);
}

void np_json_null(struct np_json *json, const char *name) {
  print_name(json, name);
  fputs("null", json->out);
}

void np_json_optional(struct np_json *json, const char *name, const char *text) {
  if (text[0] != '\0') np_json_text(json, name, text);
  else np_json_null(json, name);
}

void np_json_number(struct np_json *json, const char *name, long long number) {
  print_name(json, name);
  fprintf(json->out, "%lld", number);
}

void np_json_bool(struct np_json *json, const char *name, bool value) {
  print_name(json, name);
  fputs(value ? "true" : "false", json->out);
}

void np_json_maybe(struct np_json *json, const char *name, int value) {
  if (value == 0 || value == 1) np_json_bool(json, name, value == 1);
  else np_json_null(json, name);
}

// A JSON writer. Strings are bytes of any kind: what is no UTF-8 becomes lone surrogates (U+DC80 to U+DCFF, escaped), from
// which the bytes can be told again.
#ifndef NP_JSON_H
#define NP_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct np_json {
  FILE *out;
  bool has_items;  // of the innermost list or record
};

// `name` is NULL in lists and at the top.
void np_json_begin(struct np_json *json, const char *name, char bracket);
void np_json_end(struct np_json *json, char bracket);
void np_json_text(struct np_json *json, const char *name, const char *text);
// An empty text is null.
void np_json_optional(struct np_json *json, const char *name, const char *text);
void np_json_number(struct np_json *json, const char *name, long long number);
void np_json_bool(struct np_json *json, const char *name, bool value);
// 1 and 0 are true and false, anything else is null.
void np_json_maybe(struct np_json *json, const char *name, int value);
void np_json_null(struct np_json *json, const char *name);

// How many bytes the UTF-8 character at `at` has; 0: it is none.
int np_utf8_length(const unsigned char *at);

#endif

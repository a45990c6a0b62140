// Failures as values: low-level code fills one and returns -1, only main turns it into text and an exit status.
#ifndef NP_ERROR_H
#define NP_ERROR_H

enum np_code {
  NP_BUG,
  NP_USAGE,
  NP_PAYLOAD_CORRUPT,
  NP_PAYLOAD_VERSION,
  NP_CACHE_UNWRITABLE,
  NP_CACHE_LOCK_TIMEOUT,
  NP_CACHE_DAMAGED,
  NP_UNPACK_REFUSED,
  NP_STORE_UNAVAILABLE,
  NP_OUTPUT_UNWRITABLE,
  NP_PROCESS_NOT_EXECUTABLE,
  NP_PROCESS_NOT_FOUND,
};

// Plain bytes without pointers: the unpacking process sends it through a pipe.
struct np_error {
  enum np_code code;
  char message[1400];
  char hint[400];
};

// The name before the colon of every message; kept by reference.
void np_error_name(const char *name);

// Returns -1, so that a caller can write `return np_fail(...)`. Keeps errno.
int np_fail(struct np_error *error, enum np_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void np_hint(struct np_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

void np_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Prints the failure with control characters escaped; returns the exit status that belongs to its code.
int np_report(const struct np_error *error);

#endif

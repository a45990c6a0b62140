// What was found out about one cache directory or one engine: whether it can be used, and if not, which system call decided,
// why, and what to type. The failed start tells it in one line, the doctor at length.
#ifndef NP_FINDING_H
#define NP_FINDING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Plain bytes without pointers: the doctor's children send it through a pipe.
struct np_finding {
  char subject[PATH_MAX];  // the path of a cache directory, or an engine
  char origin[32];         // of a path: the variable it comes from, or empty
  bool usable;
  char call[66 + NAME_MAX];  // and what it was about
  int error;  // 0: the call worked, its result was the problem
  char cause[400];
  char remedy[2400];  // one command per line, the mildest first
};

// Return false, so that a check can say `return np_finding_...`. Keep errno.
bool np_finding_failed(struct np_finding *finding, const char *call, int error);
bool np_finding_cause(struct np_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool np_finding_remedy(struct np_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
// A remedy that starts the bundle again, as it was started, with a setting in front.
bool np_finding_again(struct np_finding *finding, const char *setting);

// `"<path>" (from HOME): <call>: <error> (<cause>)` or `<engine>: ...` without the remedy.
void np_finding_text(char *text, size_t size, const struct np_finding *finding);
// All of them, as far as they fit.
void np_findings_join(char *text, size_t size, const struct np_finding *findings, size_t count);

// For a shell: quoted when it has to be.
#define NP_QUOTED_MAX (4 * PATH_MAX + 4)
const char *np_shell_quote(char *out, size_t size, const char *text);
#define NP_SIZE_TEXT 32
const char *np_size_text(char out[NP_SIZE_TEXT], uint64_t bytes);

#endif

// Why an exec has said ENOENT although the program is there.
#ifndef NP_SPAWNER_MISSING_H
#define NP_SPAWNER_MISSING_H

#include <stddef.h>

// NULL: the program is missing. Else which of its parts is: "interpreter" (of a script) or "loader" (of a program); `path` is
// where that should be, empty when it cannot be seen. A program without a slash is searched for in PATH of the environment.
const char *np_find_missing(const char *program, char *path, size_t size);

#endif

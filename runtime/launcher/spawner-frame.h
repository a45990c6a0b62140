// Requests as they arrive: a length (32 bits, little-endian), then NUL-terminated strings: verb, id, and fields "key=value".
#ifndef NP_SPAWNER_FRAME_H
#define NP_SPAWNER_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NP_FRAME_LIMIT (8U << 20)
#define NP_FRAME_STRINGS_LIMIT (1U << 17)

struct np_frames {
  uint8_t *data;
  size_t start, used, room;
};

struct np_request {
  const char *verb, *id;
  const char **fields;
  size_t count;
};

// Reads what is there. 0: the other side has closed; -1: errno.
ssize_t np_frames_fill(struct np_frames *frames, int fd);

// 1: the next request, 0: more has to be read first, -1: a frame that cannot be (errno EMSGSIZE), or no memory.
// A malformed request has verb "" and id "". Valid until the next call.
int np_frames_next(struct np_frames *frames, struct np_request *request);

// Gives the memory of large requests back.
void np_frames_settle(struct np_frames *frames);

// Of the field "key=value" its value, or NULL when it has another key.
const char *np_field_value(const char *field, const char *key);
// Of the first such field; NULL when there is none.
const char *np_request_value(const struct np_request *request, const char *key);

#endif

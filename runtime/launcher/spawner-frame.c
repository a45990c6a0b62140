// Attack prevented: whatever the bytes are, nothing behind them is read and no length is believed before it is checked.
#include "spawner-frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bytes.h"

#define CHUNK 16384
#define HEADER 4

static int reserve(struct np_frames *frames, size_t more) {
  if (frames->start > 0) {
    memmove(frames->data, frames->data + frames->start, frames->used - frames->start);
    frames->used -= frames->start;
    frames->start = 0;
  }
  if (frames->room - frames->used >= more) return 0;
  size_t room = frames->used + more > 2 * frames->room ? frames->used + more : 2 * frames->room;
  uint8_t *data = realloc(frames->data, room);
  if (data == NULL) return -1;
  frames->data = data;
  frames->room = room;
  return 0;
}

ssize_t np_frames_fill(struct np_frames *frames, int fd) {
  if (reserve(frames, CHUNK) != 0) return -1;
  ssize_t size = recv(fd, frames->data + frames->used, frames->room - frames->used, MSG_DONTWAIT);
  if (size > 0) frames->used += (size_t)size;
  return size;
}

static size_t count_strings(const uint8_t *body, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += body[i] == '\0';
  return count;
}

// The strings of a well-formed body: verb, id, fields.
static void split(struct np_request *request, const char *body) {
  request->verb = body;
  body += strlen(body) + 1;
  request->id = body;
  for (size_t i = 0; i < request->count; i++) {
    body += strlen(body) + 1;
    request->fields[i] = body;
  }
}

static bool are_fields(const struct np_request *request) {
  for (size_t i = 0; i < request->count; i++) if (strchr(request->fields[i], '=') == NULL) return false;
  return true;
}

static int parse(struct np_request *request, const uint8_t *body, size_t size) {
  size_t strings = count_strings(body, size);
  *request = (struct np_request){ .verb = "", .id = "", .fields = request->fields };
  if (strings < 2 || strings > NP_FRAME_STRINGS_LIMIT || body[size - 1] != '\0') return 1;
  const char **fields = realloc(request->fields, strings * sizeof *fields);
  if (fields == NULL) return -1;
  request->fields = fields;
  request->count = strings - 2;
  split(request, (const char *)body);
  if (!are_fields(request)) *request = (struct np_request){ .verb = "", .id = "", .fields = fields };
  return 1;
}

int np_frames_next(struct np_frames *frames, struct np_request *request) {
  size_t have = frames->used - frames->start;
  if (have < HEADER) return 0;
  const uint8_t *frame = frames->data + frames->start;
  uint32_t size = np_le32(frame);
  if (size > NP_FRAME_LIMIT) {
    errno = EMSGSIZE;
    return -1;
  }
  if (have - HEADER < size) return 0;
  frames->start += HEADER + size;
  return parse(request, frame + HEADER, size);
}

void np_frames_settle(struct np_frames *frames) {
  if (frames->start < frames->used || frames->room <= 4 * CHUNK) return;
  free(frames->data);
  *frames = (struct np_frames){ .data = NULL };
}

const char *np_field_value(const char *field, const char *key) {
  size_t length = strlen(key);
  return strncmp(field, key, length) == 0 && field[length] == '=' ? field + length + 1 : NULL;
}

const char *np_request_value(const struct np_request *request, const char *key) {
  for (size_t i = 0; i < request->count; i++) {
    const char *value = np_field_value(request->fields[i], key);
    if (value != NULL) return value;
  }
  return NULL;
}

#include "spawner-event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONGESTED (256U << 10)
#define KEPT (64U << 10)

// Without memory for an event the supervisor would wait for ever: it is told by our death.
static void append(struct np_events *events, const void *data, size_t size) {
  if (events->room - events->used < size) {
    size_t room = 2 * events->room + size + 512;
    char *grown = realloc(events->data, room);
    if (grown == NULL) _exit(70);
    events->data = grown;
    events->room = room;
  }
  memcpy(events->data + events->used, data, size);
  events->used += size;
}

static void append_string(struct np_events *events, const char *text) {
  append(events, text, strlen(text) + 1);
}

void np_event_begin(struct np_events *events, const char *verb, const char *id) {
  events->frame = events->used;
  append(events, "\0\0\0", 4);
  append_string(events, verb);
  append_string(events, id);
}

void np_event_text(struct np_events *events, const char *key, const char *value, size_t length) {
  append(events, key, strlen(key));
  append(events, "=", 1);
  append(events, value, length);
  append(events, "", 1);
}

void np_event_put(struct np_events *events, const char *key, const char *value) {
  np_event_text(events, key, value, strlen(value));
}

void np_event_number(struct np_events *events, const char *key, long long value) {
  char text[24];
  snprintf(text, sizeof text, "%lld", value);
  np_event_put(events, key, text);
}

void np_event_end(struct np_events *events) {
  size_t size = events->used - events->frame - 4;
  for (int i = 0; i < 4; i++) events->data[events->frame + (size_t)i] = (char)(size >> (8 * i));
}

void np_event(struct np_events *events, const char *verb, const char *id) {
  np_event_begin(events, verb, id);
  np_event_end(events);
}

bool np_events_waiting(const struct np_events *events) {
  return events->used > events->start;
}

bool np_events_congested(const struct np_events *events) {
  return events->used - events->start > CONGESTED;
}

uint64_t np_events_end(const struct np_events *events) {
  return events->written + (events->used - events->start);
}

static void settle(struct np_events *events) {
  if (events->start < events->used) {
    memmove(events->data, events->data + events->start, events->used - events->start);
  } else if (events->room > KEPT) {
    free(events->data);
    events->data = NULL;
    events->room = 0;
  }
  events->used -= events->start;
  events->start = 0;
}

int np_events_flush(struct np_events *events, int fd) {
  while (np_events_waiting(events)) {
    ssize_t size = send(fd, events->data + events->start, events->used - events->start, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) return -1;
    events->start += (size_t)size;
    events->written += (uint64_t)size;
  }
  settle(events);
  return 0;
}

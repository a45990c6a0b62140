// Events on their way to the supervisor, in frames as requests are. The queue has a limit: beyond it no cause of further
// events is looked at until the supervisor has read.
#ifndef NP_SPAWNER_EVENT_H
#define NP_SPAWNER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct np_events {
  char *data;
  size_t start, used, room, frame;
  uint64_t written;  // bytes in all
};

void np_event_begin(struct np_events *events, const char *verb, const char *id);
// Bytes that would end the string, NUL, are not to be in `value`.
void np_event_text(struct np_events *events, const char *key, const char *value, size_t length);
void np_event_put(struct np_events *events, const char *key, const char *value);
void np_event_number(struct np_events *events, const char *key, long long value);
void np_event_end(struct np_events *events);

// Begin and end in one.
void np_event(struct np_events *events, const char *verb, const char *id);

bool np_events_waiting(const struct np_events *events);
bool np_events_congested(const struct np_events *events);
// The value of `written` once everything that is queued now is on its way.
uint64_t np_events_end(const struct np_events *events);
// Writes what goes without waiting; -1: the supervisor is gone.
int np_events_flush(struct np_events *events, int fd);

#endif

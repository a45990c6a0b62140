// What the spawner makes of the bytes of its supervisor: frames, and what the two requests with many fields ask for. The
// input: seed of the cuts, then the bytes.
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "spawner-address.h"
#include "spawner-frame.h"
#include "spawner-request.h"

static void check_spawn(const struct np_request *request) {
  struct np_spawn spawn;
  const char *problem = np_spawn_parse(&spawn, request);
  if (problem == NULL) {
    np_require(spawn.program != NULL && spawn.arguments[0] != NULL);
    np_require(spawn.environment[spawn.environment_count] == NULL);
    np_require(spawn.environment_count + NP_SPAWN_OWN_VARIABLES <= request->count + NP_SPAWN_OWN_VARIABLES);
    np_require(spawn.socket_count <= NP_SPAWN_SOCKETS && spawn.rlimit_count <= NP_SPAWN_RLIMITS && spawn.group_count <= NP_SPAWN_GROUPS);
    np_require(spawn.ready_fd < 0 || spawn.ready_fd >= 3 + (int)spawn.socket_count);
    np_require(spawn.umask == NP_SPAWN_UNSET || (spawn.umask >= 0 && spawn.umask <= 0777));
  } else np_require(problem[0] != '\0');
  np_spawn_free(&spawn);
}

static void check_address(const struct np_request *request) {
  struct np_address address;
  const char *problem = np_address_parse(&address, request);
  if (problem != NULL) return;
  np_require(address.size > 0 && address.size <= sizeof address.name);
  np_require(memchr(address.interface, '\0', sizeof address.interface) != NULL);
  np_require(!address.local || !address.reuse_port);
}

static void check_strings(const struct np_request *request) {
  size_t size = strlen(request->verb) + strlen(request->id);
  for (size_t i = 0; i < request->count; i++) {
    np_require(strchr(request->fields[i], '=') != NULL);
    size += strlen(request->fields[i]);
  }
  np_require(size <= NP_FRAME_LIMIT);
}

// In pieces, through a socket: false when a frame cannot be.
static bool feed(struct np_frames *frames, struct np_request *request, const int ends[2], size_t size) {
  while (size > 0) {
    ssize_t taken = np_frames_fill(frames, ends[0]);
    int found;
    np_require(taken > 0);
    size -= (size_t)taken;
    while ((found = np_frames_next(frames, request)) > 0) {
      check_strings(request);
      check_spawn(request);
      check_address(request);
    }
    if (found < 0) return false;
    np_frames_settle(frames);
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct np_input in = { data, size };
  uint32_t cuts = (uint32_t)np_take(&in, 2);
  struct np_frames frames = { .data = NULL };
  struct np_request request = { .fields = NULL };
  int ends[2];
  np_require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  for (bool goes_on = true; goes_on && in.size > 0;) {
    size_t part = np_next_random(&cuts) % 300 + 1;
    if (part > in.size) part = in.size;
    np_require(send(ends[1], in.data, part, 0) == (ssize_t)part);
    goes_on = feed(&frames, &request, ends, part);
    in.data += part;
    in.size -= part;
  }
  close(ends[0]);
  close(ends[1]);
  free(frames.data);
  free(request.fields);
  return 0;
}

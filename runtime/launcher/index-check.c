// Relations between the records of an index: names, order, ownership of frames, gapless offsets.
#include "index-check.h"

#include <string.h>

#include "format.h"

#define HASH_LENGTH 32
#define NAME_LIMIT 255
#define TAR_BLOCK 512

static bool is_base_name(const char *name) {
  static const char hash_chars[] = "0123456789abcdfghijklmnpqrsvwxyz";
  static const char name_chars[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=";
  size_t length = strlen(name);
  return length > HASH_LENGTH + 1 && length <= NAME_LIMIT && strspn(name, hash_chars) >= HASH_LENGTH &&
         name[HASH_LENGTH] == '-' && strspn(name + HASH_LENGTH + 1, name_chars) == length - HASH_LENGTH - 1;
}

// C0, DEL and the two-byte UTF-8 form of C1.
static bool is_control(const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  return *at < ' ' || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

// It becomes a directory's name and is printed as it is.
static bool is_bundle_name(const char *name) {
  for (const char *at = name; *at != '\0'; at++) if (is_control(at) || *at == '/') return false;
  return name[0] != '\0' && strlen(name) <= NAME_LIMIT && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

// Attack prevented: a program outside of the entrypoint's own store path.
static bool is_inside(const char *program) {
  if (program[0] == '\0') return true;
  for (const char *part = program;; part++) {
    size_t length = strcspn(part, "/");
    if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && memcmp(part, "..", 2) == 0)) return false;
    part += length;
    if (*part == '\0') return true;
  }
}

// Lines "<reason>\t<file>". They are printed as they are, so no other control character.
static bool are_notes(const char *notes) {
  while (*notes != '\0') {
    size_t reason = strcspn(notes, "\t\n"), file = notes[reason] == '\t' ? strcspn(notes + reason + 1, "\t\n") : 0;
    if (reason == 0 || notes[reason] != '\t' || notes[reason + 1 + file] != '\n') return false;
    for (const char *end = notes + reason + 1 + file; notes < end; notes++)
      if (is_control(notes) && *notes != '\t') return false;
    notes++;
  }
  return true;
}

static const char *paths_problem(const struct np_bundle *b) {
  uint32_t frame = 0;
  for (uint32_t i = 0; i < b->path_count; i++) {
    const struct np_path *path = &b->paths[i];
    if (!is_base_name(path->name)) return "the index holds a malformed store path name";
    if (i > 0 && strcmp(b->paths[i - 1].name, path->name) >= 0) return "the store paths of the index are not sorted";
    if (path->first_frame != frame || path->frame_count == 0 || path->frame_count > b->frame_count - frame)
      return "the frames of the index are not in the order of its paths";
    if (!are_notes(path->notes)) return "the index holds malformed notes about relocation";
    frame += path->frame_count;
  }
  return frame == b->frame_count ? NULL : "the index holds a frame without a path";
}

static const char *frames_problem(const struct np_bundle *b) {
  uint64_t offset = b->launcher_size;
  for (uint32_t p = 0; p < b->path_count; p++) {
    uint64_t room = 0;
    for (uint32_t f = b->paths[p].first_frame; f < b->paths[p].first_frame + b->paths[p].frame_count; f++) {
      const struct np_frame *frame = &b->frames[f];
      if (frame->path != p) return "a frame of the index names another path";
      if (frame->offset != offset || frame->size == 0 || frame->size > b->index_offset - offset)
        return "the frames of the index overlap or leave gaps";
      if (frame->tar_size < 2 * TAR_BLOCK || frame->tar_size % TAR_BLOCK != 0 || frame->tar_size > INT64_MAX - room)
        return "a frame of the index has an impossible size";
      offset += frame->size;
      room += frame->tar_size;
    }
    if (b->paths[p].unpacked_size > room) return "a path of the index is larger than its frames";
  }
  return offset == b->index_offset ? NULL : "the frames of the index do not fill the file";
}

const char *np_index_problem(const struct np_bundle *b) {
  if (!is_bundle_name(b->name)) return "the index holds a malformed bundle name";
  if (b->entrypoint >= b->path_count) return "the index names an entrypoint that does not exist";
  if (b->runtime != NP_NO_PATH && b->runtime >= b->path_count) return "the index names a runtime that does not exist";
  if (b->composed != (b->runtime != NP_NO_PATH)) return "the index does not name the runtime of a composed bundle";
  if (!is_inside(b->program)) return "the index names a program outside of the entrypoint";
  const char *problem = paths_problem(b);
  return problem != NULL ? problem : frames_problem(b);
}

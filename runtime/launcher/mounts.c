#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

// White space and backslashes are written as \ooo.
static void decode(char *text) {
  char *to = text;
  for (const char *at = text; *at != '\0'; to++) {
    unsigned value;
    if (*at == '\\' && sscanf(at + 1, "%3o", &value) == 1) {
      *to = (char)value;
      at += 4;
    } else {
      *to = *at++;
    }
  }
  *to = '\0';
}

static bool is_below(const char *path, const char *point) {
  size_t length = strlen(point);
  if (strcmp(point, "/") == 0) return true;
  return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

// "36 35 98:0 /root /mount/point rw,noatime - ext3 /dev/root rw,errors=continue"
static bool take_line(char *line, char **point, char **type) {
  char *at = line, *field = NULL;
  for (int i = 0; i < 5; i++) if ((field = strsep(&at, " ")) == NULL) return false;
  *point = field;
  char *dash = at == NULL ? NULL : strstr(at, " - ");
  if (dash == NULL) return false;
  dash += 3;
  *type = strsep(&dash, " \n");
  decode(*point);
  return true;
}

// Of several that match, the longest; of those, the last covers the others.
static void find_point(struct np_mount *mount, const char *path) {
  FILE *file = fopen("/proc/self/mountinfo", "re");
  char *line = NULL, *point, *type;
  size_t room = 0;
  if (file == NULL) return;
  while (getline(&line, &room, file) > 0) {
    if (!take_line(line, &point, &type) || !is_below(path, point) || strlen(point) < strlen(mount->point)) continue;
    snprintf(mount->point, sizeof mount->point, "%s", point);
    snprintf(mount->type, sizeof mount->type, "%s", type);
  }
  free(line);
  fclose(file);
}

void np_mount_of(struct np_mount *mount, const char *path) {
  char existing[PATH_MAX], real[PATH_MAX];
  struct statvfs status;
  memset(mount, 0, sizeof *mount);
  snprintf(existing, sizeof existing, "%s", path);
  while (realpath(existing, real) == NULL) {
    char *slash = strrchr(existing, '/');
    if (slash == NULL) return;
    slash[slash == existing ? 1 : 0] = '\0';
    if (slash == existing && realpath("/", real) == NULL) return;
  }
  find_point(mount, real);
  if (statvfs(real, &status) != 0) return;
  mount->read_only = (status.f_flag & ST_RDONLY) != 0;
  mount->no_exec = (status.f_flag & ST_NOEXEC) != 0;
}

int np_mount_is_root(void) {
  FILE *file = fopen("/proc/self/mountinfo", "re");
  char *line = NULL, *point, *type;
  size_t room = 0;
  int found = 0;
  if (file == NULL) return -1;
  while (found == 0 && getline(&line, &room, file) > 0) found = take_line(line, &point, &type) && strcmp(point, "/") == 0;
  free(line);
  fclose(file);
  return found;
}

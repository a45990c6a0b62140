#include "spawner-missing.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

// The kernel looks at no more of a script either, nor at more interpreters of interpreters.
#define HEAD 256
#define DEPTH 5
#define PROGRAM_HEADERS 64

static bool is_program(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

// As execvp does.
static bool find_program(const char *program, char *path, size_t size) {
  const char *at = getenv("PATH");
  if (at == NULL || strchr(program, '/') != NULL) at = "";
  for (;; at++) {
    const size_t length = strcspn(at, ":");
    snprintf(path, size, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "", program);
    if (is_program(path)) return true;
    at += length;
    if (*at == '\0') return false;
  }
}

// Nothing is waited for: what is no file is not opened.
static ssize_t open_head(const char *path, int *fd, char head[HEAD + 1]) {
  if (!is_program(path) || (*fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) < 0) return -1;
  ssize_t size = np_read_all(*fd, head, HEAD);
  if (size >= 0) head[size] = '\0';
  return size;
}

static bool read_interpreter(const char *head, char *path, size_t size) {
  if (strncmp(head, "#!", 2) != 0) return false;
  const char *start = head + 2 + strspn(head + 2, " \t");
  snprintf(path, size, "%.*s", (int)strcspn(start, " \t\n"), start);
  return path[0] != '\0';
}

struct table {
  bool wide;
  uint64_t offset;
  unsigned entry, count;
};

static bool read_table(const char *head, ssize_t size, struct table *table) {
  Elf64_Ehdr wide;
  Elf32_Ehdr narrow;
  if (size < (ssize_t)sizeof wide || memcmp(head, ELFMAG, SELFMAG) != 0) return false;
  memcpy(&wide, head, sizeof wide);
  memcpy(&narrow, head, sizeof narrow);
  if (head[EI_CLASS] == ELFCLASS64) *table = (struct table){ true, wide.e_phoff, wide.e_phentsize, wide.e_phnum };
  else *table = (struct table){ false, narrow.e_phoff, narrow.e_phentsize, narrow.e_phnum };
  return table->count <= PROGRAM_HEADERS;
}

static bool read_loader(int fd, const struct table *table, char *path, size_t size) {
  for (unsigned i = 0; i < table->count; i++) {
    Elf64_Phdr wide;
    Elf32_Phdr narrow;
    if (np_pread_all(fd, &wide, table->wide ? sizeof wide : sizeof narrow, table->offset + (uint64_t)i * table->entry) != 0) return false;
    memcpy(&narrow, &wide, sizeof narrow);
    if (wide.p_type != PT_INTERP) continue;
    const uint64_t length = table->wide ? wide.p_filesz : narrow.p_filesz;
    if (length == 0 || length > size || np_pread_all(fd, path, length, table->wide ? wide.p_offset : narrow.p_offset) != 0) return false;
    path[length - 1] = '\0';
    return true;
  }
  return false;
}

const char *np_find_missing(const char *program, char *path, size_t size) {
  char at[PATH_MAX], head[HEAD + 1];
  if (!find_program(program, at, sizeof at)) return NULL;
  for (int depth = 0; depth < DEPTH; depth++) {
    cleanup_fd int fd = -1;
    struct table table;
    const ssize_t length = open_head(at, &fd, head);
    if (length >= 0 && read_table(head, length, &table)) {
      if (!read_loader(fd, &table, path, size) || access(path, F_OK) == 0) path[0] = '\0';
      return "loader";
    }
    if (length < 0 || !read_interpreter(head, path, size)) break;
    if (access(path, F_OK) != 0) return "interpreter";
    snprintf(at, sizeof at, "%s", path);
  }
  path[0] = '\0';
  return "interpreter";
}

// Opens the running file through /proc/self/exe, without /proc through the name the kernel was given, then argv[0].
#include "self.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

static int open_named(struct np_self *self, const char *name) {
  if (name == NULL || name[0] == '\0') return -1;
  int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0 && realpath(name, self->path) == NULL) snprintf(self->path, sizeof self->path, "%s", name);
  return fd;
}

static int open_self(struct np_self *self, const char *argv0) {
  static const char link[] = "/proc/self/exe";
  int fd = open(link, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    int saved = errno;
    const char *kernel_name = (const char *)getauxval(AT_EXECFN);
    fd = open_named(self, kernel_name);
    if (fd < 0) fd = open_named(self, argv0);
    if (fd < 0) errno = saved;
    return fd;
  }
  ssize_t length = readlink(link, self->path, sizeof self->path - 1);
  self->path[length > 0 ? length : 0] = '\0';
  return fd;
}

// The section header table is the last thing that the linker and strip write.
static int measure_elf(struct np_self *self) {
  Elf64_Ehdr header;
  if (np_pread_all(self->fd, &header, sizeof header, 0) != 0) return -1;
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shoff > self->size) {
    errno = ENOEXEC;
    return -1;
  }
  self->elf_size = header.e_shoff + (uint64_t)header.e_shnum * header.e_shentsize;
  return 0;
}

int np_self_open(struct np_self *self, const char *argv0, struct np_error *error) {
  struct stat status;
  memset(self, 0, sizeof *self);
  self->fd = open_self(self, argv0);
  if (self->fd < 0) {
    np_fail(error, NP_PAYLOAD_CORRUPT, "cannot open the running file \"%s\": %s", argv0, strerror(errno));
    np_hint(error, "make the file readable for the user who starts it, or mount /proc");
    return -1;
  }
  if (fstat(self->fd, &status) == 0) self->size = (uint64_t)status.st_size;
  if (measure_elf(self) == 0 && self->elf_size <= self->size) return 0;
  np_fail(error, NP_PAYLOAD_CORRUPT, "cannot read \"%s\": the launcher in it is damaged or cut", self->path);
  np_hint(error, "copy the file again and compare its size with the original");
  return -1;
}

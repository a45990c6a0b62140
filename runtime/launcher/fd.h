// Complete reads and writes, descriptors that close themselves, and closing what was inherited.
#ifndef NP_FD_H
#define NP_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void np_close_cleanup(int *fd);
void np_free_cleanup(void *pointer);
#define cleanup_fd __attribute__((cleanup(np_close_cleanup)))
#define cleanup_free __attribute__((cleanup(np_free_cleanup)))

int np_write_all(int fd, const void *data, size_t size);
// Bytes read until `size` or the end of the file; -1 on failure.
ssize_t np_read_all(int fd, void *data, size_t size);
// -1 with errno EIO when the file ends early.
int np_pread_all(int fd, void *data, size_t size, uint64_t offset);
// The NUL-terminated content of a small file, cut at size - 1; -1 on failure.
ssize_t np_read_text(int dir, const char *path, char *text, size_t size);

// Closes every descriptor >= 3 that is not listed. `keep` is sorted in place.
void np_close_others(int *keep, size_t count);
// Descriptors 0-2 that the caller left closed are held by /dev/null until exec, so that no file of ours lands on them.
void np_reserve_stdio(void);

#endif

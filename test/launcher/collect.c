// collect CACHE: one run of the collector, in the foreground.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gc.h"

int main(int argc, char **argv) {
  static struct np_cache cache;
  int dir = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (dir < 0 || np_cache_open_at(&cache, dir, argv[1]) != 0) return 2;
  bool is_due = np_gc_is_due(&cache);
  np_gc_run(&cache);
  np_cache_close(&cache);
  return is_due ? 0 : 1;
}

#include "cwd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

void np_cwd_save(struct np_cwd *cwd) {
  cwd->known = getcwd(cwd->path, sizeof cwd->path) != NULL && cwd->path[0] == '/' && stat(".", &cwd->status) == 0;
}

void np_cwd_restore(const struct np_cwd *cwd) {
  struct stat status;
  if (!cwd->known) {
    np_warn("the working directory was removed or is not visible to this process; it is \"/\" now");
  } else if (chdir(cwd->path) != 0 || stat(".", &status) != 0) {
    np_warn("the working directory \"%s\" is not visible to the program: %s; it is \"/\" now", cwd->path, strerror(errno));
  } else if (status.st_dev != cwd->status.st_dev || status.st_ino != cwd->status.st_ino) {
    // A mirrored / is not the host's /, and looks the same.
    if (strcmp(cwd->path, "/") == 0) return;
    np_warn("the working directory \"%s\" is another directory to the program; it is \"/\" now", cwd->path);
  } else {
    return;
  }
  (void)!chdir("/");
}

// The host's own /nix/store beside ours: one overlay where the kernel allows it, otherwise one bind mount per path.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fd.h"
#include "root.h"

#define STORE "/nix/store"
#define HOST_STORE NP_OLD_ROOT "/nix/store"
#define OUR_STORE "/.nixpack-store"

// In a user namespace the flags that a mount already has are locked, and must be stated again.
static void make_read_only(const char *path) {
  struct statvfs status;
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
  if (statvfs(path, &status) != 0) return;
  if (status.f_flag & ST_NOSUID) flags |= MS_NOSUID;
  if (status.f_flag & ST_NODEV) flags |= MS_NODEV;
  if (status.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (status.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (status.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
  if (status.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  (void)mount(NULL, path, NULL, flags, NULL);
}

static bool has_entries(const char *path) {
  DIR *dir = opendir(path);
  bool found = false;
  if (dir == NULL) return false;
  for (struct dirent *entry; !found && (entry = readdir(dir)) != NULL;) found = entry->d_name[0] != '.';
  closedir(dir);
  return found;
}

static int bind_all(const char *from, struct np_cause *cause) {
  DIR *dir = opendir(from);
  int result = 0;
  if (dir == NULL) return np_cause_set(cause, "opendir");
  for (struct dirent *entry; result == 0 && (entry = readdir(dir)) != NULL;)
    if (entry->d_name[0] != '.') result = np_root_mirror_entry(dirfd(dir), from, entry->d_name, STORE, cause);
  closedir(dir);
  return result;
}

// Ours first: an entry that exists already is left as it is.
static int bind_each(struct np_cause *cause) {
  if (mkdir(OUR_STORE, 0755) != 0) return np_cause_set(cause, "mkdir");
  if (mount(STORE, OUR_STORE, NULL, MS_MOVE, NULL) != 0) return np_cause_set(cause, "mount(MS_MOVE)");
  if (mount("nixpack", STORE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) return np_cause_set(cause, "mount(tmpfs)");
  if (bind_all(OUR_STORE, cause) != 0 || bind_all(HOST_STORE, cause) != 0) return -1;
  (void)umount2(OUR_STORE, MNT_DETACH);
  (void)rmdir(OUR_STORE);
  return 0;
}

int np_root_join_stores(struct np_cause *cause) {
  if (has_entries(HOST_STORE) &&
      mount("nixpack", STORE, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, "lowerdir=" STORE ":" HOST_STORE) != 0 &&
      bind_each(cause) != 0) return -1;
  make_read_only(STORE);
  return 0;
}

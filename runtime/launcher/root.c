// pivot_root, never chroot: user namespaces cannot be created inside a chroot.
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"

static bool mount_root_at(const char *path) {
  return mount("nixpack", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0;
}

// Any directory will do as the mount point: pivot_root takes the mount away from it.
static int mount_root(char *base, size_t size, struct np_cause *cause) {
  snprintf(base, size, "/tmp");
  if (mount_root_at(base)) return 0;
  (void)np_cause_set(cause, "mount(tmpfs)");
  DIR *dir = opendir("/");
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
    struct stat status;
    if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) continue;
    snprintf(base, size, "/%s", entry->d_name);
    if (!mount_root_at(base)) continue;
    cause->error = 0;
    closedir(dir);
    return 0;
  }
  if (dir != NULL) closedir(dir);
  return -1;
}

int np_root_begin(bool bind_store, struct np_cause *cause) {
  char base[NAME_MAX + 2], path[PATH_MAX];
  // Later mounts of the host appear in here; mounts of ours never appear there.
  if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) != 0) return np_cause_set(cause, "mount(MS_SLAVE)");
  mode_t mask = umask(022);
  int result = mount_root(base, sizeof base, cause);
  if (result == 0) {
    snprintf(path, sizeof path, "%s/nix", base);
    if (mkdir(path, 0755) != 0) result = np_cause_set(cause, "mkdir");
    snprintf(path, sizeof path, "%s/nix/store", base);
    if (result == 0 && mkdir(path, 0755) != 0) result = np_cause_set(cause, "mkdir");
    if (result == 0 && bind_store && mount(".", path, NULL, MS_BIND | MS_REC, NULL) != 0) result = np_cause_set(cause, "mount(MS_BIND)");
    snprintf(path, sizeof path, "%s" NP_OLD_ROOT, base);
    if (result == 0 && mkdir(path, 0755) != 0) result = np_cause_set(cause, "mkdir");
    if (result == 0 && syscall(SYS_pivot_root, base, path) != 0) result = np_cause_set(cause, "pivot_root");
    if (result == 0 && chdir("/") != 0) result = np_cause_set(cause, "chdir");
  }
  umask(mask);
  return result;
}

int np_root_bind_own_store(struct np_cause *cause) {
  return mount(NP_OWN_CACHE "/store", "/nix/store", NULL, MS_BIND, NULL) == 0 ? 0 : np_cause_set(cause, "mount(MS_BIND)");
}

static int drop_old_root(struct np_cause *cause) {
  // Private first, so that the unmounting goes nowhere else.
  if (mount(NULL, NP_OLD_ROOT, NULL, MS_PRIVATE | MS_REC, NULL) != 0) return np_cause_set(cause, "mount(MS_PRIVATE)");
  if (umount2(NP_OLD_ROOT, MNT_DETACH) != 0) return np_cause_set(cause, "umount2");
  (void)rmdir(NP_OLD_ROOT);
  return 0;
}

static int make_file(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  return fd < 0 ? -1 : close(fd);
}

static bool has_vanished(int error) {
  return error == ENOENT || error == ENOTDIR || error == ESTALE;
}

int np_root_mirror_entry(int from_dir, const char *from, const char *name, const char *to, struct np_cause *cause) {
  char source[PATH_MAX], target[PATH_MAX], link[PATH_MAX];
  struct stat status;
  snprintf(source, sizeof source, "%s/%s", from, name);
  snprintf(target, sizeof target, "%s/%s", to, name);
  if (fstatat(from_dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return has_vanished(errno) || errno == EACCES ? 0 : np_cause_set(cause, "stat");
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlinkat(from_dir, name, link, sizeof link - 1);
    if (length <= 0) return 0;
    link[length] = '\0';
    return symlink(link, target) == 0 || errno == EEXIST ? 0 : np_cause_set(cause, "symlink");
  }
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) return 0;
  if ((S_ISDIR(status.st_mode) ? mkdir(target, 0755) : make_file(target)) != 0) return errno == EEXIST ? 0 : np_cause_set(cause, "mkdir");
  if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) == 0) return 0;
  int saved = errno;
  (void)(S_ISDIR(status.st_mode) ? rmdir(target) : unlink(target));
  errno = saved;
  return has_vanished(saved) ? 0 : np_cause_set(cause, "mount(MS_BIND)");
}

// One entry that cannot be mirrored is the user's loss, but no reason not to start.
static int mirror(const char *from, const char *to, const char *except) {
  DIR *dir = opendir(from);
  if (dir == NULL) return -1;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    struct np_cause cause;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, except) == 0) continue;
    if (np_root_mirror_entry(dirfd(dir), from, name, to, &cause) != 0)
      np_warn("\"/%s\" of this host is not visible to the program: %s: %s", name, cause.call, strerror(cause.error));
  }
  closedir(dir);
  return 0;
}

// glibc in the bundle must not talk to a name service cache daemon of another version.
static void hide_nscd(void) {
  static const char *const sockets[] = { "/run/nscd/socket", "/var/run/nscd/socket" };
  for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
    (void)mount("/dev/null", sockets[i], NULL, MS_BIND, NULL);
}

int np_root_finish(struct np_cause *cause) {
  mode_t mask = umask(022);
  int result = mirror(NP_OLD_ROOT, "", "nix") == 0 ? 0 : np_cause_set(cause, "opendir(\"/\")");
  if (result == 0) {
    (void)mirror(NP_OLD_ROOT "/nix", "/nix", "store");
    result = np_root_join_stores(cause);
  }
  umask(mask);
  if (result != 0) return -1;
  hide_nscd();
  if (drop_old_root(cause) != 0) return -1;
  // What is written to a mirrored / would be lost in silence: it is refused.
  (void)mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
  return 0;
}

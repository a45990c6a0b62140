#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fd.h"
#include "mounts.h"

#define CAP_SYS_ADMIN 21
#define CAP_VERSION_3 0x20080522U
#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6

static long read_number(const char *path) {
  char text[32], *end;
  if (np_read_text(AT_FDCWD, path, text, sizeof text) <= 0) return -1;
  long value = strtol(text, &end, 10);
  return end == text ? -1 : value;
}

static bool status_field(const char *status, const char *name, int base, unsigned long long *value) {
  const char *line = strstr(status, name);
  if (line == NULL) return false;
  *value = strtoull(line + strlen(name), NULL, base);
  return true;
}

// By system calls only where /proc is missing: a filter may punish each of them.
static void read_status(struct np_facts *f) {
  struct { unsigned version; int pid; } header = { CAP_VERSION_3, 0 };
  struct { unsigned effective, permitted, inheritable; } data[2] = { { 0, 0, 0 } };
  char text[6000] = "";
  unsigned long long value;
  f->has_proc = np_read_text(AT_FDCWD, "/proc/self/status", text, sizeof text) > 0;
  f->seccomp = status_field(text, "\nSeccomp:", 10, &value) ? (int)value : f->has_proc ? -1 : prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
  f->no_new_privs = status_field(text, "\nNoNewPrivs:", 10, &value) ? (int)value : f->has_proc ? -1 : prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  if (status_field(text, "\nCapEff:", 16, &value)) f->sys_admin = (int)(value >> CAP_SYS_ADMIN & 1);
  else if (syscall(SYS_capget, &header, data) == 0) f->sys_admin = (int)(data[0].effective >> CAP_SYS_ADMIN & 1);
  else f->sys_admin = -1;
}

// "<first id inside> <first id outside> <count>" per line.
static void read_map(struct np_facts *f) {
  char text[4096];
  unsigned long inside, outside, count, uid = geteuid();
  f->is_mapped = f->is_nested = -1;
  if (np_read_text(AT_FDCWD, "/proc/self/uid_map", text, sizeof text) < 0) return;
  f->is_mapped = 0;
  f->is_nested = 1;
  for (const char *line = text; line != NULL && sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3;) {
    if (uid >= inside && uid - inside < count) f->is_mapped = 1;
    if (inside == 0 && outside == 0 && count == 4294967295UL) f->is_nested = 0;
    line = strchr(line, '\n');
    if (line != NULL) line++;
  }
}

// Compared with process 1, where one may look there and it sees the same mounts; otherwise by / being no mount.
static int is_chroot(void) {
  struct stat own, first;
  char own_mounts[64] = "", first_mounts[64] = "";
  if (readlink("/proc/self/ns/mnt", own_mounts, sizeof own_mounts - 1) > 0 && readlink("/proc/1/ns/mnt", first_mounts, sizeof first_mounts - 1) > 0 &&
      strcmp(own_mounts, first_mounts) == 0 && stat("/", &own) == 0 && stat("/proc/1/root/", &first) == 0)
    return own.st_dev != first.st_dev || own.st_ino != first.st_ino;
  int is_root = np_mount_is_root();
  return is_root < 0 ? -1 : !is_root;
}

static int is_initramfs(void) {
  struct np_mount root;
  struct statfs status;
  np_mount_of(&root, "/");
  if (root.type[0] != '\0' && strcmp(root.point, "/") == 0) return strcmp(root.type, "rootfs") == 0;
  if (statfs("/", &status) != 0) return -1;
  return status.f_type == RAMFS_MAGIC ? 1 : status.f_type == TMPFS_MAGIC ? -1 : 0;
}

static bool is_there(const char *path) {
  return access(path, F_OK) == 0;
}

// `container=` in the environment of process 1 is the convention of systemd, which lxc, podman and nspawn keep.
static bool from_first_process(char *name, size_t size) {
  char text[8192];
  ssize_t length = np_read_text(AT_FDCWD, "/proc/1/environ", text, sizeof text);
  for (ssize_t at = 0; at < length; at += (ssize_t)strlen(text + at) + 1)
    if (strncmp(text + at, "container=", 10) == 0) return snprintf(name, size, "%s", text + at + 10) > 0;
  return false;
}

static void find_container(struct np_facts *f) {
  char text[4096];
  if (is_there("/.dockerenv")) snprintf(f->container, sizeof f->container, "docker");
  else if (is_there("/run/.containerenv")) snprintf(f->container, sizeof f->container, "podman");
  else if (getenv("KUBERNETES_SERVICE_HOST") != NULL) snprintf(f->container, sizeof f->container, "kubernetes");
  else if (np_read_text(AT_FDCWD, "/run/systemd/container", f->container, sizeof f->container) > 0)
    f->container[strcspn(f->container, "\n")] = '\0';
  else if (from_first_process(f->container, sizeof f->container)) return;
  else if (np_read_text(AT_FDCWD, "/proc/1/cgroup", text, sizeof text) > 0) {
    static const char *const signs[] = { "docker", "kubepods", "libpod", "lxc" };
    for (size_t i = 0; i < sizeof signs / sizeof *signs && f->container[0] == '\0'; i++)
      if (strstr(text, signs[i]) != NULL) snprintf(f->container, sizeof f->container, "%s", signs[i]);
  }
}

static void read_modules(struct np_facts *f) {
  char text[sizeof f->profile];
  f->apparmor = -1;
  if (np_read_text(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", text, sizeof text) > 0) f->apparmor = text[0] == 'Y';
  f->selinux = (int)read_number("/sys/fs/selinux/enforce");
  // The file belongs to whichever module is the first; a profile of SELinux has colons in it.
  if (np_read_text(AT_FDCWD, "/proc/self/attr/current", text, sizeof text) <= 0) return;
  text[strcspn(text, "\n")] = '\0';
  snprintf(f->profile, sizeof f->profile, "%s", text);
}

static void collect(struct np_facts *f) {
  struct utsname name;
  if (uname(&name) == 0) {
    snprintf(f->kernel, sizeof f->kernel, "%s", name.release);
    snprintf(f->machine, sizeof f->machine, "%s", name.machine);
    // gVisor's kernel says that it was built at one and the same moment.
    f->is_gvisor = strstr(name.version, "Sun Jan 10 15:06:54 PST 2016") != NULL;
  }
  read_status(f);
  read_map(f);
  f->is_chroot = is_chroot();
  f->is_initramfs = is_initramfs();
  read_modules(f);
  find_container(f);
  f->max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
  f->max_mnt_namespaces = read_number("/proc/sys/user/max_mnt_namespaces");
  f->unprivileged_userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
  f->apparmor_restrict = read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
}

const struct np_facts *np_facts(void) {
  static struct np_facts facts;
  static bool is_known;
  if (!is_known) collect(&facts);
  is_known = true;
  return &facts;
}

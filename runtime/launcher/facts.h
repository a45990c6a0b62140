// What this host tells about itself, as far as it explains a refusal. Nothing is decided by it.
#ifndef NP_FACTS_H
#define NP_FACTS_H

#include <stdbool.h>

struct np_facts {
  char kernel[70], machine[70];
  bool has_proc;
  bool is_gvisor;
  int seccomp;       // 0: none, 1: strict, 2: a filter, -1: unknown
  int no_new_privs;  // as all the following: 1, 0 or, when it cannot be known, -1
  int sys_admin;     // CAP_SYS_ADMIN in effect
  int is_chroot;
  int is_initramfs;
  int is_mapped;      // the user id means something in this user namespace
  int is_nested;      // in a user namespace that is not the initial one
  int apparmor;       // enabled in the kernel
  char profile[128];  // of AppArmor, for this process; empty: unknown
  int selinux;        // 1: enforcing, 0: permissive, -1: not there
  char container[64];  // empty: no sign of one
  // Sysctls; -1: not there.
  long max_user_namespaces, max_mnt_namespaces, unprivileged_userns_clone, apparmor_restrict;
};

// Collected at the first call.
const struct np_facts *np_facts(void);

#endif

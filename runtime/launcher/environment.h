#ifndef NP_ENVIRONMENT_H
#define NP_ENVIRONMENT_H

struct np_setting {
  const char *name;
  const char *value;
};

// A new environment for the supervisor: the caller's, with variables that would change how the supervisor itself runs put
// out of reach as NIXPACK_ENV_<name>, and ours set. NULL when out of memory.
char **np_environment(char *const *inherited, const struct np_setting *settings, unsigned count);

#endif

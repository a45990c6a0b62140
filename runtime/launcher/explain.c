#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "facts.h"

void np_remedy_container(struct np_finding *f, const char *options) {
  const char *container = np_facts()->container;
  if (strcmp(container, "docker") == 0 || strcmp(container, "podman") == 0) (void)np_finding_remedy(f, "%s run %s IMAGE", container, options);
}

static bool is_general(const struct np_cause *cause, struct np_finding *f) {
  if (strncmp(cause->call, "fork", 4) != 0 && strncmp(cause->call, "pipe", 4) != 0) return false;
  (void)np_finding_cause(f, "a limit of processes, files or memory (ulimit -a, or the control group's)");
  (void)np_finding_remedy(f, "ulimit -a");
  return true;
}

void np_explain_engine(const char *engine, const struct np_cause *cause, struct np_finding *f) {
  char call[sizeof f->call];
  memset(f, 0, sizeof *f);
  snprintf(f->subject, sizeof f->subject, "%s", engine);
  snprintf(call, sizeof call, "%s%s%s", cause->call, cause->subject[0] != '\0' ? " " : "", cause->subject);
  (void)np_finding_failed(f, call, cause->error);
  if (is_general(cause, f)) return;
  if (strcmp(engine, "mount") == 0) np_explain_mount(cause, f);
  else if (strcmp(engine, "userns") == 0) np_explain_userns(cause, f);
  else if (strcmp(engine, "host") == 0) np_explain_host(cause, f);
  else if (strcmp(engine, "nix-dir") == 0) np_explain_nix_dir(cause, f);
  else np_explain_relocate(f);
}

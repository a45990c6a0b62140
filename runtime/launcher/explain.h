// From the system call that decided against an engine to the likely cause and the command to type.
#ifndef NP_EXPLAIN_H
#define NP_EXPLAIN_H

#include "engine.h"
#include "finding.h"

// Fills the whole finding, for an engine that cannot be used.
void np_explain_engine(const char *engine, const struct np_cause *cause, struct np_finding *finding);

// Parts of it. In explain-namespaces.c and explain-store.c.
void np_explain_mount(const struct np_cause *cause, struct np_finding *finding);
void np_explain_userns(const struct np_cause *cause, struct np_finding *finding);
void np_explain_host(const struct np_cause *cause, struct np_finding *finding);
void np_explain_relocate(struct np_finding *finding);
void np_explain_nix_dir(const struct np_cause *cause, struct np_finding *finding);
// The container engine's own command line, where there is one: "docker run <options> IMAGE".
void np_remedy_container(struct np_finding *finding, const char *options);

#endif

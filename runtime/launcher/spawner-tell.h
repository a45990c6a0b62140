#ifndef NP_SPAWNER_TELL_H
#define NP_SPAWNER_TELL_H

#include "spawner.h"

// By sd_notify, to whoever supervises us.
void np_tell(struct np_spawner *spawner, const struct np_request *request);

#endif

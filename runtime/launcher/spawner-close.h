#ifndef NP_SPAWNER_CLOSE_H
#define NP_SPAWNER_CLOSE_H

// Closes what others have passed to us, or may have.
void np_close_passed(const int *fds, unsigned count);

#endif

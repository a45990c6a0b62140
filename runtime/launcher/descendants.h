#ifndef NP_DESCENDANTS_H
#define NP_DESCENDANTS_H

// Ends every descendant of this process, however it detached itself: TERM (and CONT), 300 ms later KILL until none is left.
// The process must be subreaper, with SIGCHLD blocked.
void np_descendants_end(void);

#endif

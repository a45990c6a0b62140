#ifndef NP_PATH_LOCK_H
#define NP_PATH_LOCK_H

// The lock of the path `name` in the directory `locks` of its marks, without waiting. A descriptor, to be closed when done (not
// locked where the file system knows no locks); -1 with errno, which is EWOULDBLOCK when another process holds it.
int np_path_lock(int locks, const char *name);

#endif

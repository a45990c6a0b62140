// The caller's signal dispositions, kept while the launcher needs its own.
#ifndef NP_SIGNALS_H
#define NP_SIGNALS_H

// An inherited ignored SIGCHLD would make every waitpid fail. Writing beyond a limit for the size of files (RLIMIT_FSIZE) is to
// fail, not to kill.
void np_signals_save(void);
// As the caller left them; before an exec in this process.
void np_signals_restore(void);
// Every disposition to its default and nothing blocked; before an exec that starts a fresh program.
void np_signals_reset(void);

#endif

/*
 * A process that says what happens to it, on stdout, one line each:
 *
 *   worker NAME [children=N] [depth=N] [stubborn]
 *
 * "NAME:STARTED PID", then "NAME:USR1" for each signal that it gets. INT and TERM end it with "NAME:EXITING", unless it
 * is stubborn. It has children called NAME1, NAME2, ... which have children of their own down to `depth`.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	int number;
	const char *name;
} SIGNALS[] = { { SIGHUP, "HUP" }, { SIGQUIT, "QUIT" }, { SIGINT, "INT" }, { SIGTERM, "TERM" }, { SIGUSR1, "USR1" }, { SIGUSR2, "USR2" }, { SIGCONT, "CONT" } };

enum { SIGNAL_COUNT = sizeof SIGNALS / sizeof SIGNALS[0] };

static void say(const char *name, const char *what, long pid)
{
	char line[128];
	int length = pid > 0 ? snprintf(line, sizeof line, "%s:%s %ld\n", name, what, pid) : snprintf(line, sizeof line, "%s:%s\n", name, what);
	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		_exit(1);
}

static void serve(const char *name, int stubborn)
{
	sigset_t set;
	sigemptyset(&set);
	for (int i = 0; i < SIGNAL_COUNT; i++)
		sigaddset(&set, SIGNALS[i].number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	say(name, "STARTED", (long)getpid());
	for (;;) {
		int number = 0;
		if (sigwait(&set, &number) != 0)
			_exit(1);
		for (int i = 0; i < SIGNAL_COUNT; i++)
			if (SIGNALS[i].number == number && number != SIGCONT)
				say(name, SIGNALS[i].name, 0);
		if (!stubborn && (number == SIGINT || number == SIGTERM)) {
			say(name, "EXITING", 0);
			_exit(0);
		}
	}
}

/* Returns in each process of the tree, with its name. */
static void grow(char *name, size_t size, int children, int depth)
{
	for (int i = 1; depth > 0 && i <= children; i++) {
		pid_t pid = fork();
		if (pid < 0)
			_exit(1);
		if (pid == 0) {
			size_t length = strlen(name);
			snprintf(name + length, size - length, "%d", i);
			depth--;
			i = 0;
		}
	}
}

static int option(int argc, char **argv, const char *key, int fallback)
{
	size_t length = strlen(key);
	for (int i = 2; i < argc; i++)
		if (strncmp(argv[i], key, length) == 0 && argv[i][length] == '=')
			return atoi(argv[i] + length + 1);
	return fallback;
}

int main(int argc, char **argv)
{
	char name[64];
	snprintf(name, sizeof name, "%s", argc > 1 ? argv[1] : "0");
	int stubborn = argc > 2 && strcmp(argv[argc - 1], "stubborn") == 0;
	grow(name, sizeof name, option(argc, argv, "children", 0), option(argc, argv, "depth", 1));
	serve(name, stubborn);
	return 1;
}

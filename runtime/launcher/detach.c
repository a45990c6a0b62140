#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"

static pid_t background;
static volatile sig_atomic_t given_up;

static bool is_detach(const char *word) {
  return strcmp(word, "-d") == 0 || strcmp(word, "--detach") == 0 || strcmp(word, "--daemon") == 0;
}

bool np_detach_is_wanted(char *const *argv) {
  if (argv[0] == NULL || argv[1] == NULL) return false;
  if (strcmp(argv[1], "up") != 0) return is_detach(argv[1]);
  for (char *const *word = argv + 2; *word != NULL && strcmp(*word, "--") != 0; word++)
    if (is_detach(*word)) return true;
  return false;
}

static void end_background(int number) {
  int saved = errno;
  given_up = number;
  kill(background, SIGTERM);
  errno = saved;
}

static int exit_status(void) {
  int status = 0;
  while (waitpid(background, &status, 0) < 0)
    if (errno != EINTR) return 125;
  if (given_up != 0) return 128 + given_up;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Until the status or the end; the byte behind the NUL may come with another read.
static int relay(int fd) {
  char text[4096];
  bool is_over = false;
  for (;;) {
    ssize_t size = read(fd, text, sizeof text);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return exit_status();
    const char *rest = text;
    if (!is_over) {
      const char *end = memchr(text, '\0', (size_t)size);
      size_t shown = end == NULL ? (size_t)size : (size_t)(end - text);
      (void)np_write_all(STDERR_FILENO, text, shown);
      if (end == NULL) continue;
      is_over = true;
      rest = end + 1;
    }
    if (rest < text + size) return (unsigned char)*rest;
  }
}

static int wait_for_arrival(int fd) {
  // Whoever gives up waiting gives up the start.
  struct sigaction action = { .sa_handler = end_background };
  sigemptyset(&action.sa_mask);
  const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaction(numbers[i], &action, NULL);
  return relay(fd);
}

static int go_on(int fd) {
  char number[16];
  cleanup_fd int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  snprintf(number, sizeof number, "%d", fd);
  // A session of its own has no terminal whose end would end it.
  setsid();
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) return -1;
  return setenv("NIXPACK_DETACH_FD", number, 1);
}

int np_detach(bool *goes_on, struct np_error *error) {
  int ends[2];
  *goes_on = false;
  if (pipe2(ends, O_CLOEXEC) != 0) return np_fail(error, NP_STORE_UNAVAILABLE, "cannot go to the background: pipe: %s", strerror(errno));
  background = fork();
  if (background < 0) {
    close(ends[0]);
    close(ends[1]);
    return np_fail(error, NP_STORE_UNAVAILABLE, "cannot go to the background: fork: %s", strerror(errno));
  }
  if (background > 0) {
    close(ends[1]);
    return wait_for_arrival(ends[0]);
  }
  close(ends[0]);
  *goes_on = true;
  // The supervisor inherits it.
  if (fcntl(ends[1], F_SETFD, 0) == 0 && go_on(ends[1]) == 0) return 0;
  return np_fail(error, NP_STORE_UNAVAILABLE, "cannot go to the background: %s", strerror(errno));
}

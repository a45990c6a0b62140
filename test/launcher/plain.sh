. "$(dirname "$0")/lib.sh"

script "$work/args" <<'END'
#!/bin/sh
for a; do printf '[%s]' "$a"; done
END
plain "$work/hello" "$work/args"
equal "arguments arrive unchanged, empty ones, spaces, quotes and newlines included" \
  "$("$work/hello" a 'b c' '' "it's \"q\"" 'x
y' --help)" '[a][b c][][it'\''s "q"][x
y][--help]'
equal "-- and what follows is the program's" "$("$work/hello" -- --nixpack-help)" '[--][--nixpack-help]'
equal "an option of ours behind the first argument is the program's" "$("$work/hello" x --nixpack-help)" '[x][--nixpack-help]'
ln -s "$work/hello" "$work/link"
equal "it starts through a symbolic link" "$("$work/link" a)" '[a]'
equal "it starts from PATH" "$(PATH=$work:$PATH && hello a)" '[a]'
mkdir "$work/dir with
newline"
cp "$work/hello" "$work/dir with
newline/hello"
equal "it starts from a directory with spaces and newlines in its name" "$("$work/dir with
newline/hello" a)" '[a]'

cat >"$work/state.c" <<'END'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv) {
  sigset_t set;
  struct sigaction action;
  struct rlimit limit;
  mode_t mask = umask(0);
  printf("argv0 %s pid %d pgrp %d umask %03o\n", argc > 0 ? argv[0] : "none", getpid(), getpgrp(), mask);
  sigprocmask(SIG_BLOCK, NULL, &set);
  for (int i = 1; i < 32; i++) {
    if (sigismember(&set, i)) printf("blocked %d\n", i);
    if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL) printf("handled %d\n", i);
  }
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("nofile %d %d\n", (int)limit.rlim_cur, (int)limit.rlim_max);
  for (int fd = 0; fd < 32; fd++) printf("%s", fcntl(fd, F_GETFD) >= 0 ? "o" : "-");
  printf("\n");
  return 0;
}
END
gcc -static -o "$work/state" "$work/state.c"
plain "$work/hello" "$work/state"
# start PROGRAM: in a state that is unusual in every respect
start() {
  (
    cd /usr
    ulimit -n 77
    umask 027
    trap '' CHLD HUP USR1
    exec 0<&- 9</dev/null
    exec -a 'odd name' "$1"
  ) | sed 's/pid [0-9]* pgrp [0-9]*/pid/'
}
equal "argv[0], umask, limits, signals and descriptors are those of a direct start (first start)" "$(start "$work/hello")" "$(start "$work/state")"
equal "and on a second start" "$(start "$work/hello")" "$(start "$work/state")"
equal "an empty argument list is no crash" "$(setsid -w bash -c 'exec -a "" "$0"' "$work/hello" | head -1 | cut -c1-10)" "argv0  pid"
"$work/hello" >"$work/out" &
pid=$!
wait $pid
contains "the program has the process id of the launcher" "$(cat "$work/out")" "pid $pid "

script "$work/program" <<'END'
#!/bin/sh
case $1 in
  status) exit "$2" ;;
  signal) kill -"$2" $$ ;;
  cat) cat ;;
  cwd) pwd; cat marker ;;
  env) env ;;
  children) read -r line </proc/$$/task/$$/children; echo "children: $line" ;;
  write) echo x >/nix/store/probe ;;
  store) cd /nix/store && echo * ;;
esac
END
plain "$work/hello" "$work/program"
"$work/hello" status 37
equal "the exit status is the program's" $? 37
bash -c '"$0" signal KILL; exit $?' "$work/hello" 2>/dev/null
equal "death by a signal is the program's" $? 137
equal "standard input is the program's" "$(printf 'a\nb' | "$work/hello" cat)" 'a
b'
mkdir "$work/cwd"
echo here >"$work/cwd/marker"
equal "the working directory is the caller's" "$(cd "$work/cwd" && "$work/hello" cwd)" "$work/cwd
here"
equal "the environment is the caller's, settings included" "$(env -i A=1 'B=x y' NODE_OPTIONS=z NIXPACK_CACHE_DIR="$work/cache" "$work/hello" env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort | tr '\n' ,)" "A=1,B=x y,NIXPACK_CACHE_DIR=$work/cache,NODE_OPTIONS=z,"
fresh_cache
equal "the program has no child that it did not start (first start)" "$("$work/hello" children)" "children: "
equal "the program has no child that it did not start (second start)" "$("$work/hello" children)" "children: "
contains "the whole store of the cache is what appears" "$("$work/hello" store)" "$hash_a-hello"
"$work/hello" write 2>/dev/null
check "the store cannot be written to" test $? -ne 0

fresh_cache
cp "$work/hello" "$work/gone"
equal "output that is captured ends with the program, not with the background work" "$(timeout 10 "$work/gone" status 0; echo $?)" 0
mkdir "$work/removed"
equal "a removed working directory is replaced by / with a warning" "$(cd "$work/removed" && rmdir "$work/removed" && "$work/hello" cwd 2>&1 | head -2)" 'hello: warning: the working directory was removed or is not visible to this process; it is "/" now
/'

bundle "$work/none" <<END
name|none
program|bin/none
path|$hash_a-none
dir|$hash_a-none
END
output=$("$work/none" 2>&1)
equal "a missing program is status 127" $? 127
contains "and is named" "$output" "cannot run \"/nix/store/$hash_a-none/bin/none\": No such file or directory  [NIXPACK_PROCESS_NOT_FOUND]"
bundle "$work/data" <<END
name|data
path|$hash_a-data
text|$hash_a-data|444|not a program
END
output=$("$work/data" 2>&1)
equal "a program that is not executable is status 126" $? 126
contains "and is named, the store path itself being the program" "$output" "$hash_a-data\": Permission denied  [NIXPACK_PROCESS_NOT_EXECUTABLE]"
printf '#!/no/such/interpreter\n' >"$work/lost"
plain "$work/lost-bundle" "$work/lost"
output=$("$work/lost-bundle" 2>&1)
equal "a missing interpreter is status 127" $? 127
contains "and is said to be one" "$output" "the interpreter that its first bytes name does not exist"

plain "$work/hello" "$work/program"
mkdir -m 0777 "$work/open"
cd "$work/open" || exit
printf 'mine\n' >marker
as_nobody env NIXPACK_CACHE_DIR="$work/open/cache" "$work/hello" cwd >"$work/out" 2>&1
equal "it works without root" $? 0
equal "and in the caller's working directory" "$(cat "$work/out")" "$work/open
mine"
check "and unpacks into a private directory" test "$(stat -c '%U %a' "$work/open/cache")" = 'nobody 700'
equal "store directories are read-only when published" "$(stat -c %a "$work/open/cache/store/$hash_a-hello" "$work/open/cache/store/$hash_a-hello/bin" "$work/open/cache/store/$hash_a-hello/bin/hello" | tr '\n' ' ')" "555 555 555 "
equal "time stamps are the store's" "$(stat -c %Y "$work/open/cache/store/$hash_a-hello" "$work/open/cache/store/$hash_a-hello/bin/hello" | tr '\n' ' ')" "1 1 "
finish

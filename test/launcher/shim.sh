. "$(dirname "$0")/lib.sh"
shim=$BUILD/launcher
# run_shim OPTIONS...: with the options that are always there, and FIFOs
run_shim() {
  mkdir "$work/fifos"
  "$BUILD/shim-parent" "$work/fifos" "$shim" exec --status-fd 3 --ppid PARENT --fifo-dir "$work/fifos" "$@"
  rmdir "$work/fifos"
}
sh() { run_shim "${@:2}" -- /bin/sh 'odd name' -c "$1"; }

equal "a program runs, with pipes that are gone from the directory" "$(sh 'echo a; echo b >&2')" "running
out a
err b
exit 0"
equal "argv[0] is what it was told to be" "$(sh 'echo "$0"')" "running
out odd name
exit 0"
equal "the exit status is the program's" "$(sh 'exit 7' | tail -1)" "exit 7"
equal "/dev/stdout and /dev/stderr can be opened" "$(sh 'echo a >/dev/stdout; echo b >/dev/stderr')" "running
out a
err b
exit 0"
equal "PROGRAM is searched for in PATH" "$(PATH=/usr/bin:/bin run_shim -- env env -i /bin/echo found)" "running
out found
exit 0"
contains "the program leads a session of its own" "$(sh 'read -r pid name state ppid pgrp session rest </proc/$$/stat; [ $pid = $session ] && echo leads')" "out leads"
equal "descriptors: 0, 1, 2 and nothing else" "$(exec 5</dev/null 9</dev/null; sh 'for fd in 0 1 2 3 4 5 6 7 8 9 10 11; do [ ! -e /proc/$$/fd/$fd ] || printf "%s " $fd; done' | grep out)" "out 0 1 2 "
contains "umask" "$(sh umask --umask 027)" "out 0027"
contains "cwd" "$(sh 'pwd -P' --cwd /usr/bin)" "out /usr/bin"
contains "rlimit with soft and hard" "$(sh 'ulimit -Sn; ulimit -Hn' --rlimit nofile=100:200)" "out 100
200"
contains "several rlimits" "$(sh 'ulimit -Sc; ulimit -Sn' --rlimit core=0:unlimited --rlimit nofile=64)" "out 0
64"
contains "nice" "$(sh nice --nice 7)" "out 7"
contains "oom_score_adj" "$(sh 'cat /proc/self/oom_score_adj' --oom-score-adj 321)" "out 321"
contains "uid, gid and groups" "$(sh id --uid 65534 --gid 65534 --groups 1,2)" "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup),1(daemon),2(bin)"
contains "no groups at all" "$(sh 'id -G' --gid 65534 --groups '')" "out 65534"
contains "signals are at their defaults" "$(trap '' HUP TERM CHLD; sh 'grep -e SigBlk -e SigIgn /proc/self/status | tr -d "\n"')" "SigBlk:	0000000000000000SigIgn:	0000000000000000"
equal "without FIFOs the descriptors stay" "$("$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT -- /bin/echo echo direct | sort)" "direct
exit 0
running"

equal "a missing program is reported, status 127" "$(run_shim -- /no/such/program x)" "E 2 exec No such file or directory
exit 127"
equal "a program that is not executable is reported, status 126" "$(run_shim -- /etc/passwd x)" "E 13 exec Permission denied
exit 126"
equal "a missing working directory is reported" "$(run_shim --cwd /no/such -- /bin/true true)" "E 2 cwd No such file or directory
exit 127"
equal "a refused rlimit is reported" "$(as_nobody "$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT --rlimit nofile=1000000000:1000000000 -- /bin/true x)" "E 1 rlimit Operation not permitted
exit 126"
equal "a refused uid is reported" "$(as_nobody "$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT --uid 0 -- /bin/true x)" "E 1 uid Operation not permitted
exit 126"
equal "a refused group is reported" "$(as_nobody "$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT --gid 0 -- /bin/true x)" "E 1 gid Operation not permitted
exit 126"
equal "groups that are refused are reported" "$(as_nobody "$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT --groups 0 -- /bin/true x)" "E 1 groups Operation not permitted
exit 126"
equal "another parent than the expected one is reported" "$("$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid 1 -- /bin/true x)" "E 3 ppid No such process
exit 126"
equal "a FIFO directory that is missing is reported" "$("$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT --fifo-dir /no/such -- /bin/true x)" "E 2 fifo No such file or directory
exit 127"
for arguments in '' '--status-fd 3' '--status-fd 3 --ppid 1 --' '--status-fd 2 --ppid 1 -- /bin/true x' '--nonsense 1' '--status-fd 3 --ppid 1 --rlimit nonsense=1 -- /bin/true x' '--umask 9 x'; do
  # shellcheck disable=SC2086
  "$shim" exec $arguments 2>/dev/null
  equal "bad command line: exec $arguments" $? 125
done

# The parent dies: so does the program, also after the change of the user id that makes the kernel forget the request.
for options in '' '--uid 65534 --gid 65534'; do
  script "$work/pause" <<END
#!/bin/sh
echo \$\$ >>$work/pids
read -r x <$work/.never
END
  rm -f "$work/pids"
  install -m 666 /dev/null "$work/pids"
  chmod 666 "$work/.never"
  # shellcheck disable=SC2086
  "$BUILD/shim-parent" - "$shim" exec --status-fd 3 --ppid PARENT --pdeathsig 15 $options -- "$work/pause" pause >/dev/null &
  parent=$!
  await 5 test -s "$work/pids"
  kill -KILL $parent
  wait $parent 2>/dev/null
  check "the program dies with its parent ($options)" await 2 eval '! kill -0 "$(cat "$work/pids")" 2>/dev/null'
done
finish

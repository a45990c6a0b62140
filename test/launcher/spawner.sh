. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/spawner-lib.sh"

equal "a program runs, and its output arrives in order" "$(sh 'echo a; echo b >&2; exit 7')" "spawned a pid=N
exited a code=7
out a
err b"
equal "nothing is left of the FIFOs" "$(ls "$work" | grep -c fifo)" 0
equal "argv[0] is what it was told to be" "$(one program=/bin/sh 'arg=odd name' arg=-c 'arg=echo "$0"' | tail -1)" "out odd name"
equal "/dev/stdout and /dev/stderr can be opened" "$(sh 'echo a >/dev/stdout; echo b >/dev/stderr' | tail -2)" "out a
err b"
equal "the program is searched for in the child's own PATH" "$(one env=PATH=/usr/bin:/bin arg=env | tail -1)" "out PATH=/usr/bin:/bin"
equal "the environment is what was given, nothing more" "$(one env=B=1 env=A=2 arg=/usr/bin/env | tail -2 | tr '\n' ' ')" "out B=1 A=2 "
equal "what says something about another process is not passed on" \
  "$(one env=LISTEN_PID=1 env=LISTEN_FDS=1 env=LISTEN_FDNAMES=x env=NOTIFY_SOCKET=/x env=WATCHDOG_PID=1 env=WATCHDOG_USEC=1 env=A=2 arg=/usr/bin/env | tail -1)" "out A=2"
contains "the program leads a session of its own" "$(sh 'read -r pid name state ppid pgrp session rest </proc/$$/stat; [ $pid = $session ] && echo leads')" "out leads"
equal "descriptors: 0, 1, 2 and nothing else" "$(exec 5</dev/null 9</dev/null; sh 'for fd in /proc/$$/fd/*; do if [ -e $fd ]; then printf "%s " ${fd##*/}; fi; done' | grep out)" "out 0 1 2 "
equal "without FIFOs the output goes where it is told" "$(printf 'spawn|a|stdout=inherit|arg=/bin/echo|arg=direct\nwait exited a\nclose\n' | drive | sort | head -2)" "direct
exited a code=0"
equal "a pending signal and ignored ones do not reach the program" "$(trap '' HUP TERM CHLD; sh 'grep -e SigBlk -e SigIgn /proc/self/status' | tail -2 | tr '\n\t' '  ')" "out SigBlk: 0000000000000000 SigIgn: 0000000000000000 "
contains "umask" "$(sh umask umask=027)" "out 0027"
contains "cwd" "$(sh 'pwd -P' cwd=/usr/bin)" "out /usr/bin"
contains "rlimit with soft and hard" "$(sh 'ulimit -Sn; ulimit -Hn' rlimit=nofile=100:200)" "out 100
200"
contains "several rlimits" "$(sh 'ulimit -Sc; ulimit -Sn' rlimit=core=0:unlimited rlimit=nofile=64)" "out 0
64"
contains "the limit of descriptors is the supervisor's, not the spawner's" "$(ulimit -Sn 123; sh 'ulimit -Sn')" "out 123"
# Node raises its own limit; the warden has the user's.
cp "$(command -v bash)" "$work/nixpack-warden"
equal "and that of the user, whom the supervisor's does not concern" \
  "$(printf 'spawn|a|stdout=inherit|arg=/bin/sh|arg=-c|arg=ulimit -Sn\nwait exited a\nclose\n' | "$work/nixpack-warden" -c 'ulimit -Sn 123; (ulimit -Sn 300; exec "$0" "$1"); :' "$BUILD/spawner-driver" "$shim" | grep -x '[0-9]*')" 123
contains "nice" "$(sh nice nice=7)" "out 7"
contains "oom_score_adj" "$(sh 'cat /proc/self/oom_score_adj' oom-score-adj=321)" "out 321"
contains "uid, gid and groups" "$(sh id uid=65534 gid=65534 groups=1,2)" "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup),1(daemon),2(bin)"
contains "no groups at all" "$(sh 'id -G' gid=65534 groups=)" "out 65534"
contains "another user can open /dev/stdout as well" "$(sh 'echo a >/dev/stdout' uid=65534 gid=65534 groups=)" "out a"
chmod 777 "$work"
# The clone may be where nobody gets to.
contains "the own user and group may be named without being root" \
  "$(as_nobody bash -c "$(declare -p work shim BUILD; declare -f drive one sh); sh 'id -u' uid=65534 gid=65534 groups=65534")" "out 65534"
chmod 755 "$work"
equal "SIGKILL and a core flag are told" "$(sh 'kill -KILL $$' | tail -1)" "exited a signal=9"
equal "used time and memory are told" "$(printf 'spawn|a|arg=/bin/true\nwait exited a\nclose\n' | "$BUILD/spawner-driver" "$shim" | grep -cE 'exited a code=0 core=0 utime-us=[0-9]+ stime-us=[0-9]+ maxrss-kb=[1-9][0-9]*$')" 1

# Failures before the program runs. fails TITLE EXPECTED FIELDS...
fails() { equal "$1" "$(one "${@:3}")" "failed a $2"; }
fails "a missing program" "errno=2 stage=exec text=No such file or directory" arg=/no/such
fails "a program that is not executable" "errno=13 stage=exec text=Permission denied" arg=/etc/passwd
script "$work/lost" <<END
#! $work/no-such -x
END
script "$work/lost-too" <<END
#!$work/lost
END
printf '#!/bin/sh\r\n' >"$work/dos"
loader=$(grep -ao '/lib[0-9]*/ld-linux[-a-z0-9_.]*' /bin/true | head -1)
LC_ALL=C sed "s|$loader|/no-$(cut -c5- <<<"$loader")|" /bin/true >"$work/foreign"
chmod +x "$work/dos" "$work/foreign"
missing() { fails "$1" "errno=2 stage=$2${3:+ what=$3} text=No such file or directory" "${@:4}"; }
missing "a script whose interpreter is missing" interpreter "$work/no-such" "arg=$work/lost"
missing "a script that is found in PATH" interpreter "$work/no-such" "env=PATH=/no/such:$work" arg=lost
missing "an interpreter that is such a script" interpreter "$work/no-such" "arg=$work/lost-too"
missing "a script with line ends of Windows" interpreter "/bin/sh$(printf '\r')" "arg=$work/dos"
missing "a program that is nowhere in PATH" exec "" env=PATH=/no/such:/usr arg=no-such
missing "a program whose dynamic linker is missing" loader "/no-$(cut -c5- <<<"$loader")" "arg=$work/foreign"
fails "a missing working directory" "errno=2 stage=cwd text=No such file or directory" cwd=/no/such arg=/bin/true
fails "a socket that is not open" "errno=2 stage=socket what=web text=No such file or directory" socket=web arg=/bin/true
fails "an input socket that is not open" "errno=2 stage=socket what=web text=No such file or directory" stdin=socket:web arg=/bin/true
fails "a limit whose soft part is larger" "errno=22 stage=rlimit what=nofile text=Invalid argument" rlimit=nofile=9:8 arg=/bin/true
equal "a FIFO directory that is missing" "$(printf 'spawn|a|stdout=fifo|fifo-dir=/no/such|arg=/bin/true\nwait exited a\nclose\n' | drive | head -1)" "failed a errno=2 stage=fifo text=No such file or directory"
refused() { equal "$1" "$(printf 'spawn|a|%s|arg=/bin/true\nwait exited a\nclose\n' "$3" | as_nobody "$BUILD/spawner-driver" "$shim" | head -1)" "failed a errno=1 stage=$2 text=Operation not permitted"; }
refused "a limit beyond the hard one" "rlimit what=nofile" rlimit=nofile=1000000000:1000000000
refused "another user" uid uid=0
refused "another group" gid gid=0
refused "groups" groups groups=0
equal "an oom_score_adj that is lower" "$(printf 'spawn|a|oom-score-adj=-500|arg=/bin/true\nwait exited a\nclose\n' | as_nobody "$BUILD/spawner-driver" "$shim" | head -1)" "failed a errno=13 stage=oom text=Permission denied"
fails "an argument list that is too long for the kernel" "errno=7 stage=exec text=Argument list too long" rlimit=stack=4096 "env=A=$(head -c 40000 /dev/zero | tr '\0' x)" arg=/bin/true
for field in umask=9 nice=20 oom-score-adj=1001 uid=-1 gid=x groups=1,,2 rlimit=nonsense=1 rlimit=nofile rlimit=nofile=x ready-fd=2 stdin=fifo stdout=x fifo-dir=relative notify=relative nonsense=1 cwd= program=; do
  fails "bad field $field" "errno=22 stage=request what=$field text=Invalid argument" "$field" arg=/bin/true
done
equal "a spawn without words" "$(printf 'spawn|a\nwait exited a\nclose\n' | drive | head -1)" "failed a errno=22 stage=request what=arg text=Invalid argument"
equal "an id that is taken" "$(printf 'spawn|a|arg=/bin/sleep|arg=9\nspawn|a|arg=/bin/true\nwait failed a\nclose\n' | drive | grep failed)" "failed a errno=22 stage=request what=id text=Invalid argument"

# A pipe that ends with a death has not ended with an exec. The filter kills whoever changes its directory.
early=$({ for i in $(seq 200); do printf 'spawn|%d|cwd=/|ready-fd=3|arg=/bin/true\nwait exited %d\n' "$i" "$i"; done; printf 'close\n'; } |
  "$BUILD/seccomp-run" chdir=kill -- "$BUILD/spawner-driver" "$shim" | sed -E 's/ [0-9]+ / N /; s/ core=.*//' | sort | uniq -c | sed 's/^ *//')
equal "children that are killed before their programs run are never told as spawned" "$early" "200 exited N signal=31 early=1
1 spawner exit 0"
equal "one that is killed as its program runs is" "$(sh 'kill -KILL $$' | head -1)" "spawned a pid=N"

# A child that hangs before its program runs holds nobody up. A FIFO without a writer stands for a dead file system.
mkfifo "$work/dead"
printf '#!%s/dead\n' "$work" >"$work/none"
equal "children that start slowly do not make others wait" "$({ printf 'spawn|slow|arg=/bin/sh|arg=-c|arg=read x <%s/dead\nspawn|fast|arg=/bin/true\nwait exited fast\nsignal|slow|scope=group|signo=9\nwait exited slow\nclose\n' "$work"; } | drive | grep exited | sed 's/ early=1//')" "exited fast code=0
exited slow signal=9"

# Signals: the leader ignores what its group and its session get.
script "$work/tree" <<'TREE'
#!/bin/bash
set -m
(trap 'echo other >>$1/got; exit' TERM; : >$1/up-other; while :; do read -r -t 1 _ <>$1/.never; done) &
set +m
(trap 'echo group >>$1/got; exit' TERM; : >$1/up-group; while :; do read -r -t 1 _ <>$1/.never; done) &
trap 'echo leader >>$1/got' TERM
: >$1/up-leader
while :; do read -r -t 1 _ <>$1/.never; done
TREE
for scope in leader:leader group:group,leader session:group,leader,other; do
  rm -f "$work"/up-* "$work/got"
  {
    printf 'spawn|a|arg=%s/tree|arg=%s\nwait spawned a\n' "$work" "$work"
    printf 'sh for name in other group leader; do until [ -e %s/up-$name ]; do read -r -t 0.01 _ <>%s/.never; done; done\n' "$work" "$work"
    printf 'signal|a|scope=%s|signo=15\nsh until [ "$(wc -l 2>/dev/null <%s/got)" = %d ]; do read -r -t 0.01 _ <>%s/.never; done\n' "${scope%:*}" "$work" "$(tr , '\n' <<<"${scope#*:}" | wc -l)" "$work"
    printf 'signal|a|scope=session|signo=9\nwait exited a\nclose\n'
  } | sed 's/^sh \(.*\)/sh timeout 5 bash -c '"'\\1'/" | drive >/dev/null
  equal "signal to the ${scope%:*}" "$(sort "$work/got" | tr '\n' ' ')" "$(tr , ' ' <<<"${scope#*:}") "
done
equal "a signal to a child that has ended is nothing" "$(printf 'spawn|a|arg=/bin/true\nwait exited a\nsignal|a|scope=group|signo=15\nsignal|x|scope=group|signo=15\nspawn|b|arg=/bin/true\nwait exited b\nclose\n' | drive | tail -2)" "exited b code=0
spawner exit 0"

# What is in another session has left for good; what is in the group of a child ends with it, when that is asked for.
left() { printf 'spawn|a%s|arg=/bin/bash|arg=-c|arg=sleep 1000 & echo $! >%s/left; setsid sleep 1000 & echo $! >%s/away; until [ "$(cut -d" " -f5 /proc/$!/stat)" = $! ]; do :; done; exit 3\nwait exited a\nclose\n' "$1" "$work" "$work" | drive | grep exited; }
equal "what a child leaves in its group is left" "$(left ''; kill "$(cat "$work/left")" "$(cat "$work/away")" && echo both)" "exited a code=3
both"
equal "or is ended with it, and nothing else" "$(left '|background=ends'; timeout 5 bash -c 'while [ -d /proc/$0 ] && ! grep -q "^State:.Z" /proc/$0/status; do :; done' "$(cat "$work/left")" && kill "$(cat "$work/away")" && echo one)" "exited a code=3
one"

# Successors: below a warden, whose only child is the supervisor. follow FIELDS SCRIPT LINES...: a child that runs SCRIPT, and a successor b.
mkdir "$work/named" && cp "$BUILD/warden" "$work/named/nixpack-warden"
warded() { "$work/named/nixpack-warden" "$BUILD/spawner-driver" "$shim" | sed -E 's/pid=[0-9]+/pid=N/; s/ core=0 utime-us=[0-9]+ stime-us=[0-9]+ maxrss-kb=[0-9]+//'; }
follow() {
  rm -f "$work/go"
  {
    printf 'spawn|a|arg=/bin/bash|arg=-c|arg=until [ -e %s/go ]; do read -r -t 0.01 _ <>%s/.never; done; %s\nwait spawned a\n' "$work" "$work" "$2"
    printf 'follow|a|%sarg=/bin/bash|arg=-c|arg=exit 5\n' "$1"
    [ $# -lt 3 ] || printf '%s\n' "${@:3}"
    printf 'sh touch %s/go\nwait exited a\nspawn|c|arg=/bin/sleep|arg=0.2\nwait exited c\nclose\n' "$work"
  } | warded | grep -v -e ' c[0-9]* ' -e '^spawner exit 0$' -e '^spawned a '
}
equal "what is to follow a child is started with its end" "$(follow 'next=b|unless-code=0|unless-signal=15|' 'exit 3')" "exited a code=3 next=b
spawned b pid=N
exited b code=5"
equal "also when it was killed" "$(follow 'next=b|unless-code=0|unless-signal=15|' 'kill -KILL $$' | head -2)" "exited a signal=9 next=b
spawned b pid=N"
equal "the latest one that was named" "$(follow 'next=b|' 'exit 3' 'follow|a|next=d|arg=/bin/true')" "exited a code=3 next=d
spawned d pid=N
exited d code=0"
only() { equal "nothing follows $1" "$(follow "${@:3}")" "exited a $2"; }
only "a status that was excepted" code=4 'next=b|unless-code=4|' 'exit 4'
only "a signal that was excepted" signal=15 'next=b|unless-signal=15|' 'kill -TERM $$'
only "a signal without a name" signal=40 'next=b|' 'kill -40 $$'
only "a child that was told to end" signal=15 'next=b|' 'exit 3' 'signal|a|scope=group|signo=15'
equal "nothing follows what is not to be followed any more" "$(follow 'next=b|' 'exit 3' 'unfollow|u')" "unfollowed u
exited a code=3"
only "a child whose end comes with that of everybody" code=3 'next=b|' 'exit 3' 'spawn|c1|arg=/bin/true' 'wait exited c1' 'sh kill -TERM $SPAWNER'
only "a child that leaves somebody in its group" code=3 'next=b|' 'sleep 0.1 & exit 3'
only "a child that leaves somebody in another session" code=3 'next=b|' 'setsid sleep 0.1 & until [ "$(cut -d" " -f5 /proc/$!/stat)" = $! ]; do :; done; exit 3'
equal "a successor that cannot run is told like any other" "$(follow 'next=b|program=/no/such|' 'exit 3')" "exited a code=3 next=b
failed b errno=2 stage=exec text=No such file or directory"
for field in next= unless-code=256 unless-code=x unless-signal=32; do
  contains "bad field $field of a successor" "$(follow "next=b|$field|" 'exit 3')" "error a text=cannot name a successor of the child: bad or missing next, unless-code or unless-signal
exited a code=3"
done
contains "a successor without an id" "$(follow '' 'exit 3' | head -1)" "error a text=cannot name a successor"
equal "without a warden nobody knows who is left" "$(warded() { drive; }; follow 'next=b|' 'exit 3')" "exited a code=3"
equal "a child that is not there has none" "$(printf 'follow|x|next=b|arg=/bin/true\nspawn|a|arg=/bin/true\nwait exited a\nclose\n' | drive | grep exited)" "exited a code=0"

# Pipes: large for the first children, as long as nobody's share of the kernel's memory for pipes is in question.
install -d -m 777 "$work/pipes"
piped() { for i in $(seq 9); do printf 'spawn|%d|stdout=fifo|fifo-dir=%s/pipes/%d|arg=/bin/sleep|arg=60\nwait spawned %d\npipe-size %d\n' "$i" "$work" "$i" "$i" "$i"; done; }
equal "the pipes of a user" "$(piped | as_nobody "$BUILD/spawner-driver" "$shim" | grep '^pipe of' | uniq -c | sed 's/^ *//')" "8 pipe of 1048576
1 pipe of 65536"
equal "the pipes of root" "$(piped | "$BUILD/spawner-driver" "$shim" | grep '^pipe of' | uniq -c | sed 's/^ *//')" "9 pipe of 1048576"

# 1,000 children: descriptors and zombies.
{
  printf 'sh ls /proc/$SPAWNER/fd | wc -l\n'
  for i in $(seq 1000); do
    printf 'spawn|%d|stdout=fifo|stderr=fifo|fifo-dir=%s/f%d|notify=%s/n|ready-fd=5|arg=/bin/true\nwait exited %d\n' "$i" "$work" "$i" "$work" "$i"
  done
  # Behind what is said of the last of them.
  printf 'spawn|last|arg=/bin/true\nwait exited last\n'
  printf 'sh ls /proc/$SPAWNER/fd | wc -l\nsh cat /proc/$SPAWNER/task/$SPAWNER/children | wc -w\nsh awk "/^Private_Dirty/ { print \\$2 }" /proc/$SPAWNER/smaps_rollup\nclose\n'
} | drive >"$work/many"
equal "1,000 children: no descriptor more, no zombie" "$(sed -n '1p' "$work/many") $(tail -4 "$work/many" | head -2 | tr '\n' ' ')" "$(sed -n '1p' "$work/many") $(sed -n '1p' "$work/many") 0 "
equal "1,000 children: each ended well" "$(grep -c '^exited [0-9]* code=0$' "$work/many")" 1000
dirty=$(tail -2 "$work/many" | head -1)
echo "# private memory of the spawner after 1,000 children: $dirty kB"
check "the spawner has less than 1 MB of its own" test "$dirty" -lt 1000
finish

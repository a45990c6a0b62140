. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/spawner-lib.sh"

# Locks.
equal "a lock is held, and tells by whom" "$(printf 'lock|l|path=%s/lock\nwait locked l\nlock|m|path=%s/lock\nwait lock-held m\nclose\n' "$work" "$work" | drive)" "locked l
lock-held m pid=N
spawner exit 0"
equal "a lock is free after its holder" "$(printf 'lock|l|path=%s/lock\nwait locked l\nclose\n' "$work" | drive | head -1)" "locked l"
contains "a lock that cannot be" "$(printf 'lock|l|path=/no/such/lock\nwait error l\nclose\n' | drive)" "error l errno=2 text=No such file or directory"
contains "a lock with a relative path" "$(printf 'lock|l|path=lock\nwait error l\nclose\n' | drive)" "error l errno=22"
ln -s "$work/lock" "$work/link"
contains "a lock that is a link" "$(printf 'lock|l|path=%s/link\nwait error l\nclose\n' "$work" | drive)" "error l errno=40"

# Who has a name.
(umask 0; as_nobody "$BUILD/spawner-driver" "$shim") >/dev/null 2>&1 < <(printf 'listen|s|kind=unix|path=/tmp/np-peer-%s|mode=666\nwait listening s\nsh touch /tmp/np-peer-%s.up\nwait exited never\n' $$ $$) &
await 5 test -e /tmp/np-peer-$$.up
equal "the user of a listener is known" "$(printf 'peer|p|name=/tmp/np-peer-%s\nwait peer p\npeer|q|name=@np-nobody-%s\nwait error q\npeer|r\nwait error r\nclose\n' $$ $$ | drive)" "peer p uid=65534 pid=N
error q errno=111 text=Connection refused
error r errno=22 text=Invalid argument
spawner exit 0"
kill $!
rm -f /tmp/np-peer-$$*

# begin: a spawner with a lock, a local socket, and children: one that ends, one that is stopped, one that hangs before its program
mkfifo "$work/dead"
begin() {
  rm -f "$work/pids" "$work/grandchild"
  {
    printf 'lock|l|path=%s/lock\nlisten|s|kind=unix|path=%s/socket\n' "$work" "$work"
    printf 'spawn|a|arg=/bin/sleep|arg=99\nwait spawned a\nspawn|b|notify=%s/notify|arg=/bin/sleep|arg=99\nwait spawned b\n' "$work"
    printf 'spawn|c|uid=65534|gid=65534|groups=|arg=/bin/sleep|arg=99\nwait spawned c\n'
    printf 'spawn|d|arg=/bin/sh|arg=-c|arg=sleep 99 & echo $! >%s/grandchild; wait\nwait spawned d\n' "$work"
    printf 'sh kill -STOP $PID_b; until [ -s %s/grandchild ]; do :; done; echo $SPAWNER $PID_a $PID_b $PID_c $(cat %s/grandchild) >%s/pids\nwait exited never\n' "$work" "$work" "$work"
  } >"$work/script"
  "$BUILD/spawner-driver" "$shim" <"$work/script" >"$work/log" 2>&1 &
  driver=$!
  await 5 test -s "$work/pids"
  read -r spawner a b c d <"$work/pids"
}
for victim in spawner driver; do
  begin
  eval "kill -KILL \$$victim"
  for who in spawner a c; do check "kill -9 of the $victim ends $who" await 2 eval "gone \$$who"; done
  # Without a warden nobody continues the stopped one when the spawner itself is killed.
  [ $victim = driver ] || kill -CONT "$b"
  check "kill -9 of the $victim ends b" await 2 gone "$b"
  # Nor does anybody signal its group then.
  if [ $victim = driver ]; then check "kill -9 of the driver ends whom a child has started" await 2 gone "$d"; else kill "$d"; fi
  check "its lock is free after kill -9 of the $victim" await 2 flock -n "$work/lock" true
  [ $victim = spawner ] || equal "sockets are removed after kill -9 of the $victim" "$(ls "$work/socket" "$work/notify" 2>/dev/null)" ""
  kill -KILL $driver 2>/dev/null
  wait $driver 2>/dev/null
  rm -f "$work/socket" "$work/notify"
done

# Signals meant for others.
begin
for number in TERM INT HUP QUIT USR1 USR2 PIPE; do kill -$number "$spawner"; done
check "the spawner leaves the end to its supervisor" kill -0 "$a"
kill -KILL $driver
wait $driver 2>/dev/null
check "and goes with it" await 2 gone "$spawner"

# An orphan is not the spawner's: it goes to whoever reaps.
equal "the spawner adopts nobody" "$(printf 'spawn|a|arg=/bin/sh|arg=-c|arg=setsid sleep 9 & echo $! >%s/orphan\nwait exited a\nsh cat /proc/$SPAWNER/task/$SPAWNER/children; kill $(cat %s/orphan)\nclose\n' "$work" "$work" | drive | sed -n 3p)" "spawner exit 0"
for arguments in '' x -1; do
  # shellcheck disable=SC2086
  output=$("$shim" spawner $arguments 2>&1)
  equal "bad command line: spawner $arguments" "$? $output" "125 launcher: cannot run the spawner: bad or missing process id  [NIXPACK_USAGE_INVALID]
  hint: it is started by the supervisor, not by hand"
done
finish

. "$(dirname "$0")/lib.sh"
composed "$work/group"
peer=$BUILD/spawner-peer

# The spawner stands between the supervisor and the processes: its death, too, leaves nothing.
# survivors WHO: of 30 groups, how many had a process left a second after the kill of WHO
survivors() {
  file=$work/up-$1
  left=0
  full() { [ "$(cat "$file" 2>/dev/null)" = xxxxxx ]; }
  empty() { ! pgrep -f "ignore $file\$|spawner $file "; }
  for _ in $(seq 30); do
    rm -f "$file"
    "$work/group" spawner "$file" "$BUILD/launcher" "$peer" &
    init=$!
    await 5 full || left=$((left + 1))
    warden=$(pgrep -P $init)
    supervisor=$(pgrep -P "$warden" | sort -n | head -1)
    # By the name that it gives itself.
    spawner=$(pgrep -P "$supervisor" -x nixpack-spawner)
    eval "kill -KILL \$$1"
    if ! await 1 empty; then
      left=$((left + 1))
      pgrep -f "ignore $file\$" | xargs kill -KILL
    fi
    wait $init
  done 2>/dev/null
  echo "$left"
}
for who in init warden supervisor spawner; do survivors $who >"$work/left-$who" & done
wait
for who in init warden supervisor spawner; do
  equal "kill -9 of the $who leaves nothing of what the spawner has started, 30 of 30 times" "$(cat "$work/left-$who")" 0
done

# To systemd init is the process that may speak.
{ "$BUILD/spawner-driver" "$BUILD/launcher" <<END
spawn|manager|notify=$work/outer|arg=/bin/sleep|arg=99
wait spawned manager
sh NOTIFY_SOCKET=$work/outer setsid $work/group spawner $work/up-outer $BUILD/launcher $peer & echo \$! >$work/outer-init
wait notified manager
sh kill \$(cat $work/outer-init)
close
END
} >"$work/outer.log"
equal "the supervisor is heard as init, by root" "$(grep ^notified "$work/outer.log")" "notified manager pid=$(cat "$work/outer-init") uid=0 field=READY=1"
check "and nothing stays" await 5 eval '! pgrep -f "spawner $work/up-outer"'

# Orphans.
equal "1,000 orphans are reaped" "$("$work/group" orphans 1000)" "0 left"
equal "1,000 orphans are reaped in a container" "$(unshare -pf --mount-proc "$work/group" orphans 1000)" "0 left"
unshare -pf --mount-proc "$work/group" signals "$work/container" &
container=$!
await 5 grep -qs ready "$work/container"
first=$(pgrep -P $container)
equal "1,000 orphans of a process that has entered the container are reaped by process 1" \
  "$(nsenter -t "$first" -p -m "$BUILD/supervisor" loader argv0 name path lib -- orphans 1000)" "0 left"
kill -TERM "$first"
wait $container

# A terminal. Ctrl-Z gives the shell back, as with docker compose: what runs goes on.
signals() { "$BUILD/terminal" "$work/group" signals "$work/signals"; }
state() { printf "sh awk '/^State/ { print \"init is\", \$2 }' /proc/\$JOB/status; awk '/^State/ { print \"supervisor is\", \$2 }' /proc/\$(pgrep -f '^[^ ]*ld-linux.* signals $work/signals\$')/status\n"; }
ready() { printf 'sh until grep -qs ready %s; do :; done\n' "$work/signals"; }
got() { printf 'sh until grep -qs "signal %s" %s; do :; done\n' "$1" "$work/signals"; }
rm -f "$work/signals"
output=$({ ready; echo 'key 26'; echo wait; state; echo fg; got 18; state; echo 'key 3'; got 2; echo 'sh kill -TERM $JOB'; echo wait; } | timeout 20 "$BUILD/terminal" "$work/group" signals "$work/signals")
equal "Ctrl-Z stops init alone; fg goes on, Ctrl-C arrives" "$output" "stopped by 20
init is T
supervisor is S
init is S
supervisor is S
ended with 0"
equal "each signal once" "$(tr '\n' ' ' <"$work/signals")" "ready signal 18 signal 2 signal 15 "
rm -f "$work/signals"
equal "a stopped job can be ended by its shell" "$({ ready; echo 'key 26'; echo wait; echo kill; echo wait; } | timeout 20 "$BUILD/terminal" "$work/group" signals "$work/signals")" "stopped by 20
ended with 0"
for stopped in '' 'key 26'; do
  rm -f "$work/signals"
  { ready; if [ -n "$stopped" ]; then echo "$stopped"; echo wait; fi; echo hangup; } | timeout 20 "$BUILD/terminal" "$work/group" signals "$work/signals" >/dev/null
  check "the end of the terminal is told to the supervisor${stopped:+, also when init is stopped}" await 5 grep -q 'signal 1$' "$work/signals"
  pkill -TERM -f "^[^ ]*ld-linux.* signals $work/signals\$"
  check "and nothing stays${stopped:+ then}" await 5 eval '! pgrep -f "signals $work/signals\$"'
done
finish

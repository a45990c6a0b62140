. "$(dirname "$0")/lib.sh"
composed "$work/group"
rt=/nix/store/$hash_r-nixpack-runtime-1

# shown PREFIX...: what the supervisor is given
output=$(env -i A=b NODE_OPTIONS=1 LD_PRELOAD=2 UV_X=3 OPENSSL_CONF=4 SSL_CERT_FILE=5 GCONV_PATH=6 MALLOC_ARENA=7 GLIBC_TUNABLES=8 \
  NIXPACK_ENV_A=9 NIXPACK_ARGV0=x NIXPACK_RUNTIME=x NIXPACK_ENGINE=mount NIXPACK_RUN_DIR=/r NIXPACK_CACHE_DIR="$work/cache" \
  bash -c 'exec -a "odd name" "$0" show "" "--nixpack" -- x' "$work/group" </dev/null 9</dev/null)
equal "the supervisor's command line is the contract's" "$(printf '%s\n' "$output" | grep '^arg')" "arg $rt/lib/ld-linux-x86-64.so.2
arg --argv0
arg odd name
arg --library-path
arg $rt/lib
arg $rt/bin/supervisor
arg --
arg show
arg 
arg --nixpack
arg --
arg x"
identity=$("$work/group" --nixpack-version | cut -d' ' -f2)
equal "its environment hides what would change the supervisor, and holds our settings" \
  "$(printf '%s\n' "$output" | grep '^env' | grep -v -e PWD= -e SHLVL= -e ' _=' | sort)" "$(sort <<END
env A=b
env NIXPACK_ARGV0=odd name
env NIXPACK_BUNDLE=$work/group
env NIXPACK_CACHE_DIR=$work/cache
env NIXPACK_ENGINE=mount
env NIXPACK_ENTRYPOINT=/nix/store/$hash_a-group
env NIXPACK_ENV_GCONV_PATH=6
env NIXPACK_ENV_GLIBC_TUNABLES=8
env NIXPACK_ENV_LD_PRELOAD=2
env NIXPACK_ENV_MALLOC_ARENA=7
env NIXPACK_ENV_NIXPACK_ENV_A=9
env NIXPACK_ENV_NODE_OPTIONS=1
env NIXPACK_ENV_OPENSSL_CONF=4
env NIXPACK_ENV_SSL_CERT_FILE=5
env NIXPACK_ENV_UV_X=3
env NIXPACK_RUNTIME=$rt
env NIXPACK_RUN_DIR=/r
env NIXPACK_VERSION_INFO=$identity
env NODE_OPTIONS=
env OPENSSL_CONF=/dev/null
END
)"
contains "it lives in the warden's session and dies with the warden" "$output" "session of the warden
pdeathsig 15"
equal "descriptors of the caller reach it, none of ours do" "$(printf '%s\n' "$output" | grep '^fd')" "$("$BUILD/supervisor" 9</dev/null | grep '^fd')"
contains "NIXPACK_ENGINE tells the engine in use" "$(as_nobody env NIXPACK_CACHE_DIR=/tmp/np-nobody.$$ "$work/group" show)" "env NIXPACK_ENGINE=userns"
cleanups="chmod -R u+w /tmp/np-nobody.$$; rm -rf /tmp/np-nobody.$$"
equal "a login shell's name is no option" "$(bash -c 'exec -a "-sh" "$0" show' "$work/group" | grep -A1 -e '^arg --argv0')" "arg --argv0
arg sh"
mkdir "$work/gone"
output=$(cd "$work/gone" && rmdir "$work/gone" && NIXPACK_ENGINE=relocate NIXPACK_CACHE_DIR=$work/r "$work/group" show 2>&1)
contains "a directory that was removed is left with a warning" "$output" "warning: the working directory was removed"
contains "for the supervisor, too" "$output" "cwd /"

"$work/group" status 37
equal "the exit status is the supervisor's" $? 37
"$work/group" kill 6
equal "death by signal 6 is status 134" $? 134
output=$("$work/group" kill 9 2>&1)
equal "death by signal 9 is status 137" $? 137
equal "and is told, since nobody else can" "$output" \
  "group: warning: the supervisor was killed by SIGKILL (unless somebody has sent it, the kernel ran out of memory and says so in its log): everything it had started was ended, the exit status is 137"
contains "so are other ends that nobody has asked for" "$("$work/group" kill 11 2>&1)" "the supervisor was killed by SIGSEGV: everything"
equal "an end by a signal that is passed on is no news" "$("$work/group" kill 15 2>&1)" ""
"$work/group" kill 9 2>&1 | :
equal "nobody has to read it" "${PIPESTATUS[0]}" 137
mkfifo "$work/full"
exec 6<>"$work/full"
dd if=/dev/zero of="$work/full" oflag=nonblock bs=4096 2>/dev/null
equal "a pipe that takes no more" "$(dd if=/dev/zero of="$work/full" oflag=nonblock bs=1 count=1 2>/dev/null || echo full)" full
timeout -s KILL 10 "$work/group" kill 9 2>&6
equal "nor does a reader that does not read keep us" $? 137
exec 6>&-
"$work/group" signals "$work/waiting" 2>"$work/told" &
init=$!
await 5 grep -q ready "$work/waiting"
kill -KILL "$(pgrep -P $init)"
wait $init 2>/dev/null
contains "the end of the warden is told by init" "$(cat "$work/told")" "group: warning: the warden was killed by SIGKILL"
(trap '' CHLD && exec "$work/group" status 3)
equal "an ignored SIGCHLD of the caller does no harm" $? 3
unshare -pf --mount-proc "$work/group" status 4
equal "it works as process 1" $? 4
composed "$work/sanitized" "$BUILD/launcher-sanitized"
equal "the sanitizers find nothing" "$(ASAN_OPTIONS=detect_leaks=0 "$work/sanitized" status 3 2>&1; echo $?)" 3
mkdir "$work/tree"
unshare -pf --kill-child timeout -s KILL 10 "$work/group" status 4
equal "it works in a process namespace with the /proc of another" $? 4
unshare -pf --kill-child timeout -s KILL 10 "$work/group" orphan "$work/tree"
equal "and ends there in spite of an orphan that it cannot find" $? 5
unshare -pf --kill-child "$work/group" orphan "$work/tree"
equal "and as process 1 there finds it" $? 5
check "so that no orphan is left" eval '! pgrep -f "orphan $work/tree"'
started=$(date +%s%N)
"$work/group" orphan "$work/tree"
equal "the supervisor's status is relayed although an orphan ignores TERM" $? 5
check "and the orphan is gone" eval '! pgrep -f "orphan $work/tree"'
check "within a second" test $(($(date +%s%N) - started)) -lt 1000000000

# Signals; SIGHUP may be ignored here, as below nohup.
env --default-signal=HUP "$work/group" signals "$work/signals" &
pid=$!
await 5 grep -q ready "$work/signals"
for signal in HUP INT QUIT USR1 USR2 CONT WINCH; do
  before=$(wc -l <"$work/signals")
  kill -$signal $pid
  await 5 test "$(wc -l <"$work/signals")" -gt "$before" || :
  await 5 grep -q "signal $(kill -l $signal)\$" "$work/signals"
done
kill -TERM $pid
wait $pid
equal "HUP INT QUIT USR1 USR2 CONT WINCH TERM reach the supervisor, each once" "$(tr '\n' ' ' <"$work/signals")" \
  "ready $(for signal in HUP INT QUIT USR1 USR2 CONT WINCH TERM; do printf 'signal %s ' "$(kill -l $signal)"; done)"

rm "$work/signals"
mkfifo "$work/keys"
command script -qec "$work/group signals $work/signals" /dev/null <"$work/keys" >/dev/null 2>&1 &
pid=$!
exec 6>"$work/keys"
await 5 grep -q ready "$work/signals"
printf '\003' >&6
await 5 grep -q 'signal 2' "$work/signals"
printf '\034' >&6
await 5 grep -q 'signal 3' "$work/signals"
init=$(pgrep -xof "$work/group signals $work/signals") && kill -TERM "$init"
wait $pid
exec 6>&-
equal "Ctrl-C and Ctrl-\\ reach the supervisor once per key" "$(grep -v -e 'signal 1$' -e 'signal 18' "$work/signals" | tr '\n' ' ')" "ready signal 2 signal 3 signal 15 "

rm "$work/signals"
(trap '' HUP && exec "$work/group" signals "$work/signals") &
pid=$!
await 5 grep -q ready "$work/signals"
kill -HUP $pid
kill -USR1 $pid
await 5 grep -q 'signal 10' "$work/signals"
kill -TERM $pid
wait $pid
equal "HUP is not forwarded under nohup" "$(tr '\n' ' ' <"$work/signals")" "ready signal 10 signal 15 "

# Kills.
# survivors WHO: of 50 groups whose descendants cling to life, how many had one left a second after the kill of WHO
survivors() {
  dir=$work/tree-$1
  left=0
  mkdir "$dir"
  full() { [ "$(cat "$dir/lingering" 2>/dev/null)" = xxxxxxx ]; }
  empty() { ! pgrep -f "tree $dir\$"; }
  for _ in $(seq 50); do
    rm -f "$dir/lingering"
    "$work/group" tree "$dir" &
    init=$!
    await 5 full || left=$((left + 1))
    warden=$(pgrep -P $init)
    supervisor=$(pgrep -P "$warden" | sort -n | head -1)
    eval "kill -KILL \$$1"
    if ! await 1 empty; then
      left=$((left + 1))
      pgrep -f "tree $dir\$" | xargs kill -KILL
    fi
    wait $init
  done 2>/dev/null
  echo "$left"
}
for who in init warden supervisor; do survivors $who >"$work/left-$who" & done
wait
for who in init warden supervisor; do
  equal "kill -9 of the $who leaves nothing after a second, 50 of 50 times" "$(cat "$work/left-$who")" 0
done

"$work/group" signals "$work/signals-2" &
pid=$!
await 5 grep -q ready "$work/signals-2"
private=$(awk '/^Private_(Clean|Dirty)/ { sum += $2 } END { print sum }' /proc/$pid/smaps_rollup)
echo "# private memory of init: $private kB"
check "init has less than 300 kB of its own" test "$private" -lt 300
equal "init has one thread, only the caller's standard descriptors, and the lease" \
  "$(ls /proc/$pid/task | wc -l) $(for fd in /proc/$pid/fd/*; do readlink "$fd" | grep "^$work/cache"; done | sed "s|$work/||; s|/.*\.|/identity.|" | sort | tr '\n' ' ')$(ls /proc/$pid/fd | sort -n | head -3 | tr '\n' ' ')$(ls /proc/$pid/fd | wc -l)" \
  "1 cache cache/identity.store 0 1 2 5"
kill -TERM $pid
wait $pid
fresh_cache
bundle "$work/empty" <<END
name|empty
runtime|$hash_r-nixpack-runtime-1
path|$hash_a-group
dir|$hash_a-group
path|$hash_r-nixpack-runtime-1
dir|$hash_r-nixpack-runtime-1
END
output=$("$work/empty" 2>&1)
equal "a runtime without its loader is status 125" $? 125
contains "and is named" "$output" "cannot run the supervisor \"$rt/lib/ld-linux-x86-64.so.2\": No such file or directory  [NIXPACK_STORE_UNAVAILABLE]"
finish

. "$(dirname "$0")/lib.sh"
in_own_mounts
. "$(dirname "$0")/spawner-lib.sh"

# A file system that does not answer: whoever enters it waits for ever.
mkdir "$work/dead"
"$peer" dead "$work/dead" >"$work/mount" &
dead=$!
await 5 test -s "$work/mount"
if ! grep -q mounted "$work/mount"; then
  skip "a child on a dead file system holds nobody up" "$(cat "$work/mount")"
else
  output=$(drive <<END_OF_SCRIPT
spawn|slow|stdout=fifo|fifo-dir=$work/f|cwd=$work/dead|arg=/bin/true
wait piped slow
spawn|fast|arg=/bin/true
wait exited fast
listen|s|kind=unix|path=$work/s
wait listening s
signal|slow|scope=group|signo=9
wait exited slow
close
END_OF_SCRIPT
)
  equal "a child on a dead file system holds nobody up, and can be killed" "$(grep -v -e 'spawned fast' <<<"$output")" "piped slow
exited fast code=0
listening s port=0
exited slow signal=9 early=1
spawner exit 0"
  output=$(printf 'spawn|slow|cwd=%s/dead|arg=/bin/true\nspawn|fast|arg=/bin/true\nwait exited fast\nsh cat /proc/$SPAWNER/task/$SPAWNER/children >%s/slow\nclose\n' "$work" "$work" | drive | tail -1)
  equal "the spawner ends although a child hangs" "$output" "spawner exit 0"
  check "that child was there" grep -qE '^[0-9]+ $' "$work/slow"
  check "and ends, too" await 5 eval 'gone $(cat "$work/slow")'
fi
kill -KILL $dead
wait $dead 2>/dev/null
finish

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/spawner-lib.sh"
shim=$BUILD/launcher-sanitized
alive='spawn|z|arg=/bin/true\nwait exited z\nclose\n'
# answers TITLE EXPECTED HEX: one error, and it goes on
answers() {
  equal "$1" "$(printf "raw $3\nwait error \n$alive" | drive)" "error  text=$2
spawned z pid=N
exited z code=0
spawner exit 0"
}
answers "an empty frame" "malformed request" "00 00 00 00"
answers "a frame without NUL" "malformed request" "03 00 00 00 61 62 63"
answers "a verb alone" "malformed request" "03 00 00 00 61 62 00"
answers "an empty verb" "malformed request" "02 00 00 00 00 00"
answers "a field without a sign" "malformed request" "06 00 00 00 61 00 62 00 63 00"
answers "text behind the last NUL" "malformed request" "05 00 00 00 61 00 62 00 63"
answers "a request that is unknown" "unknown request" "03 00 00 00 61 00 00"
equal "bytes one by one" "$(printf "raw 0d\nraw 00 00\nraw 00 73 70 61 77 6e\nraw 00 61 00 61 72 67 3d\nraw 00\n${alive/z/y}" | head -5 | sed 's/wait error //' | cat - <(printf "wait failed a\n$alive") | drive)" "failed a errno=2 stage=exec text=No such file or directory
spawned z pid=N
exited z code=0
spawner exit 0"
equal "a frame that is too long is the end" "$(printf 'raw 01 00 80 00\nwait error x\nclose\n' | drive)" "lost
spawner exit 0"
equal "so is half a frame" "$(printf 'raw 09 00 00 00 61\nclose\n' | drive)" "spawner exit 0"
equal "an id that is too long" "$(printf "nonsense|%0300d\nwait error \n$alive" 0 | drive | head -1)" "error  text=malformed request"

# Whoever does not read is not read; nothing is lost, and memory stays small.
# Prints its memory as soon as that has stayed the same for twenty looks.
script "$work/settled" <<'END'
#!/bin/bash
for ((same = 0; same < 20; same++)); do
  now=$(awk '/^VmRSS/ { print $2 }' "/proc/$SPAWNER/status")
  [ "$now" = "${before:-}" ] || same=0
  before=$now
  read -r -t 0.01 _ <>"$1"
done
echo "$now"
END
output=$(printf 'congest 50000\nsh timeout 20 %s %s\nwait error last\nspawn|z|arg=/bin/true\nwait exited z\nclose\n' "$work/settled" "$work/.never" | "$BUILD/spawner-driver" "$BUILD/launcher")
equal "with a supervisor that reads late, every answer waits for it" "$(grep -c '^error x' <<<"$output")" 50000
full=$(grep -x '[0-9]*' <<<"$output")
echo "# memory of the spawner with a full queue: $full kB"
check "and the memory does not grow with them" test "$full" -lt 3000

# 10,000 frames out of words that mean something. As nobody: a path in it cannot lead far.
install -d -m 0777 "$work/random"
for seed in 1 2 3 4 $(date +%s); do
  output=$(cd "$work/random" && printf "random $seed 2000\n$alive" | as_nobody "$BUILD/spawner-driver" "$shim" 2>&1)
  equal "2,000 frames of seed $seed" "$(tail -2 <<<"$output" | sed -E 's/ core=.*//')" "exited z code=0
spawner exit 0"
done
finish

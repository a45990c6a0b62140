# The power goes at random instants of the first start and of its background sync: the file system keeps what it has written to
# its device, and nothing else. Then another boot. What is left out: a device that lies about what it has written.
. "$(dirname "$0")/lib.sh"
CUTS=${CUTS:-15}

new_boot() { cat /proc/sys/kernel/random/uuid >"$work/boot"; }

# job NAME ENGINE: prints what is wrong.
job() {
  local device=$work/$1.image cache=$work/$1/c neighbour cutter
  scratch=$results/$1.d
  export NIXPACK_ENGINE=$2 NIXPACK_CACHE_DIR=$cache
  mkdir "$scratch" "$work/$1"
  paths=$(paths_of redis)
  call redis
  truncate -s 96M "$work/$1.fresh"
  mkfs.ext4 -q -F "$work/$1.fresh" || return
  cp --sparse=always "$work/$1.fresh" "$device"
  mount -o loop,commit=1 "$device" "$work/$1" || return
  settled "$scratch/out" "${program[@]}" || echo "cannot start it at all: $(cat "$scratch/out")"
  umount "$work/$1"
  local duration=$took
  echo "$duration" >"$scratch/duration"
  for i in $(seq "$CUTS"); do
    cp --sparse=always "$work/$1.fresh" "$device"
    mount -o loop,commit=1 "$device" "$work/$1" || return
    case $((i % 4)) in 0) neighbour=none ;; 1 | 2) neighbour=file ;; 3) neighbour=all ;; esac
    # Also some time after the last mark: it gets to the device later still.
    draw $((duration * 2))
    "$BUILD/kill-at" all 110000000 "$scratch/cut" "${program[@]}" >/dev/null &
    cutter=$!
    "$BUILD/power-cut" "$work/$1" "$drawn" "$neighbour" 5000 || echo "round $i: the power did not go"
    wait "$cutter"
    umount "$work/$1" || echo "round $i: somebody is left behind"
    new_boot
    mount -o loop,commit=1 "$device" "$work/$1" || echo "round $i: the file system is lost"
    look redis "$cache"
    echo "$there $damaged $durable" >>"$scratch/states"
    [ "$durable_damaged" -eq 0 ] || echo "round $i, cut at $drawn us: damaged though durable: $(cat "$scratch/look")"
    [ "$usable_damaged" -eq 0 ] || echo "round $i, cut at $drawn us: damaged though usable: $(cat "$scratch/look")"
    [ ! -e "$cache/trees/0" ] || cp "$cache/trees/0" "$scratch/record"
    settled "$scratch/out" "${program[@]}" || echo "round $i, cut at $drawn us: the next start fails: $(cat "$scratch/out")"
    look redis "$cache"
    [ "$usable-$damaged" = "$paths-0" ] || echo "round $i, cut at $drawn us: not mended: $(cat "$scratch/look")"
    [ "$durable" = "$paths" ] || echo "round $i, cut at $drawn us: not durable after the next start: $(cat "$scratch/look")"
    [ -z "$(ls -A "$cache/tmp")" ] || echo "round $i, cut at $drawn us: left behind: $(ls "$cache/tmp")"
    [ ! -e "$cache/trees/1" ] || echo "round $i, cut at $drawn us: the tree was not recognized: $(od -An -c "$scratch/record" 2>&1 | head -n 2)"
    umount "$work/$1" || echo "round $i: somebody is left behind"
  done
  rm -f "$work/$1.image" "$work/$1.fresh"
}

# What a file system may do to files that were never synced, done to random ones of a start that did not live to its sync.
injected() {
  local cache=$work/$1/c files file sync hurt=0
  scratch=$results/$1.d
  export NIXPACK_ENGINE=$2 NIXPACK_CACHE_DIR=$cache
  mkdir "$scratch" "$work/$1"
  mount -t tmpfs -o mode=0755 none "$work/$1"
  paths=$(paths_of redis)
  for i in $(seq $(((CUTS + 1) / 2))); do
    rm -rf "$cache"
    call redis
    settled "$scratch/out" "${program[@]}" || echo "cannot start it: $(cat "$scratch/out")"
    # As if the sync had never come: the marks are those of an earlier boot, or did not reach the device themselves.
    for mark in "$cache"/durable/* "$cache"/trees/0.durable/*; do
      [ ! -e "$mark" ] || [ $((i % 2)) -eq 0 ] || sed 's/^ok /another-boot /' "$mark" >"${mark/durable/pending}"
      rm -f "$mark"
    done
    mapfile -t files < <(find "$cache/store" "$cache/0" -type f -size +0 2>/dev/null)
    for _ in 1 2 3; do
      draw "${#files[@]}"
      file=${files[$drawn]}
      draw 4
      # It may have been lost already.
      [ -e "$file" ] || continue
      case $drawn in
        0 | 1) truncate -s 0 "$file" ;;
        2) head -c "$(stat -c %s "$file")" /dev/zero >"$file.zeros" && cat "$file.zeros" >"$file" && rm "$file.zeros" ;;
        3) rm -f "$file" ;;
      esac
    done
    new_boot
    look redis "$cache"
    hurt=$((hurt + damaged))
    [ "$usable" -eq 0 ] || echo "round $i: usable without a mark: $(cat "$scratch/look")"
    settled "$scratch/out" "${program[@]}" || echo "round $i: the next start fails: $(cat "$scratch/out")"
    look redis "$cache"
    [ "$usable-$damaged" = "$paths-0" ] || echo "round $i: not mended: $(cat "$scratch/look")"
  done
  echo "$hurt" >"$scratch/hurt"
  umount -l "$work/$1"
}

# Each job in a mount namespace of its own: what one of them starts must not hold the other's file system when it is unmounted.
if [ $# -gt 0 ]; then
  RANDOM=$1
  results=$2
  shift 2
  new_boot
  mount --bind "$work/boot" /proc/sys/kernel/random/boot_id
  "$@"
  exit
fi
apart() { unshare -m --propagation private bash "$0" "$1" "$work" "${@:2}" >"$work/$3.wrong" 2>&1; }

if mkfs.ext4 -V 2>/dev/null && [ -e /dev/loop-control ]; then
  apart "$SEED" job p mount &
  apart $((SEED + 1)) job r relocate &
  wait
  for name in p r; do
    case $name in p) title="plain store" ;; *) title=relocated ;; esac
    equal "$title: after a power cut nothing damaged is used, and the next start mends the rest" "$(cat "$work/$name.wrong")" ""
    awk -v title="$title" -v ms="$(($(cat "$work/$name.d/duration") / 1000))" -v cuts="$CUTS" '
      { there += $1; damaged += $2; durable += $3; if ($1 == 0) none++; else if ($3 > 0) some++; if ($2 > 0) hurt++ }
      END { printf "# %s: %d cuts within %d ms: nothing was there after %d, a durable path after %d, a damaged one after %d; of %d paths found %d were damaged, %d durable\n", title, cuts, ms, none, some, hurt, there, damaged, durable }
    ' "$work/$name.d/states"
  done
else
  skip "power cuts" "no mkfs.ext4 or no loop device here"
fi
apart "$SEED" injected i mount &
apart $((SEED + 1)) injected j relocate &
wait
equal "plain store: files emptied, zeroed or lost in paths that were never durable are mended in the next boot" "$(cat "$work/i.wrong")" ""
equal "relocated: the same" "$(cat "$work/j.wrong")" ""
for name in i j; do check "some were damaged" test "$(cat "$work/$name.d/hurt")" -gt 0; done
echo "# $(((CUTS + 1) / 2)) starts each with files emptied, zeroed or lost: $(cat "$work/i.d/hurt") and $(cat "$work/j.d/hurt") paths were damaged"
finish

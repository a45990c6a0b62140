# A disk that is too small for what is unpacked, that a neighbour fills meanwhile, that runs out of inodes; a limit for the size of
# files. Each as the only directory (forced) and as the first of several (proposed).
. "$(dirname "$0")/lib.sh"
SIZES=${SIZES:-30}
# Root's directory lies between those two that are looked at here.
mount -t tmpfs -o ro none /var/cache

# disk DIR LIMIT: a new small disk there. A limit is size=N, size=N,nr_inodes=N, or fill=BYTES: has room, until so many are used.
disk() {
  local option=$2
  ! mountpoint -q "$1" || umount -l "$1"
  filler=
  case $2 in fill=*) option=size=$roomy ;; esac
  mount -t tmpfs -o "mode=0755,$option" none "$1" || echo "cannot mount $option"
  case $2 in
    fill=*)
      exec 7< <(exec "$BUILD/fill-at" "$1" "${2#fill=}")
      filler=$!
      read -r _ <&7
      ;;
  esac
}

end_filler() {
  [ -z "$filler" ] || kill -KILL "$filler" 2>/dev/null
  exec 7<&-
}

enlarge() {
  rm -f "$1/neighbour"
  mount -o remount,size=100m,nr_inodes=100k "$1" || echo "cannot remount"
}

# complain LIMIT WHAT: with what was printed and what is there
complain() { echo "$1: $2: $(cat "$scratch/out" "$scratch/look")"; }

count() { echo "$1" >>"$scratch/outcomes"; }

# fails_well WHERE CAUSE REMEDY: the message names the directory, the cause, and what to do.
fails_well() {
  case $(cat "$scratch/out") in *"$1"*"$2"*NIXPACK_CACHE_UNWRITABLE*hint:*$3*) return 0 ;; esac
  return 1
}

# forced DISK LIMIT: the disk holds the only directory. Prints what is wrong.
forced() {
  local status
  disk "$1" "$2"
  NIXPACK_CACHE_DIR=$1/c "${program[@]}" >"$scratch/out" 2>&1 </dev/null
  status=$?
  end_filler
  look redis "$1/c"
  [ "$damaged" -eq 0 ] || complain "$2" "half-written"
  case $status in
    0) count enough && grep -q "^$expected" "$scratch/out" || complain "$2" "status 0 without a start" ;;
    125) count "full after $there of $paths paths" && fails_well "$1/c" "No space left on device" NIXPACK_CACHE_DIR || complain "$2" "not a good message" ;;
    *) complain "$2" "status $status" ;;
  esac
  enlarge "$1"
  NIXPACK_CACHE_DIR=$1/c starts redis >"$scratch/out" || complain "$2" "not even with room"
  look redis "$1/c"
  [ "$usable-$damaged" = "$paths-0" ] || complain "$2" "damaged with room"
}

# proposed DISK LIMIT: the disk holds the first of several directories; another one has room.
proposed() {
  rm -rf "$1-next/nixpack" 2>/dev/null
  disk "$1" "$2"
  env -i XDG_CACHE_HOME="$1" HOME="$1-next/none" XDG_RUNTIME_DIR="$1-next" NIXPACK_ENGINE="$NIXPACK_ENGINE" "${program[@]}" >"$scratch/out" 2>&1 </dev/null ||
    complain "$2" "it does not move on"
  end_filler
  grep -q "^$expected" "$scratch/out" || complain "$2" "no start"
  look redis "$1/nixpack"
  [ "$damaged" -eq 0 ] || complain "$2" "half-written"
  if [ -e "$1-next/nixpack" ]; then
    count "moved on"
    look redis "$1-next/nixpack"
    [ "$usable-$damaged" = "$paths-0" ] || complain "$2" "damaged behind"
  else
    count stayed
    [ "$usable" = "$paths" ] || complain "$2" "neither here nor there"
  fi
}

# limited DISK KILOBYTES: no file may become larger.
limited() {
  local status
  disk "$1" size=100m
  (ulimit -f "$2" && NIXPACK_CACHE_DIR=$1/c exec "${program[@]}") 2>&1 </dev/null | cat >"$scratch/out"
  status=${PIPESTATUS[0]}
  look redis "$1/c"
  [ "$damaged" -eq 0 ] || complain "limit $2" "half-written"
  case $status in
    0) count unlimited ;;
    125) count limited && fails_well "$1/c" "File too large" "" || complain "limit $2" "not a good message" ;;
    *) complain "limit $2" "status $status" ;;
  esac
  NIXPACK_CACHE_DIR=$1/c starts redis >"$scratch/out" || complain "limit $2" "not even without the limit"
}

# What is asked of one disk; the kinds of limits take turns.
round() {
  draw "$kilobytes"
  forced "$1" "fill=$((drawn * 1024))"
  case $(($2 % 4)) in
    0) draw "$kilobytes" && proposed "$1" "fill=$((drawn * 1024))" ;;
    1) draw $((inodes - 64)) && forced "$1" "size=100m,nr_inodes=$((drawn + 66))" ;;
    2) draw $((inodes + 32)) && proposed "$1" "size=100m,nr_inodes=$((drawn + 2))" ;;
    3)
      # Denser where little fits.
      draw 1000
      forced "$1" "size=$((kilobytes * drawn / 1000 * drawn / 1000 + 4))k"
      proposed "$1" "size=$((kilobytes * drawn / 800 + 4))k"
      ;;
  esac
}

# job DIRECTORY ENGINE
job() {
  scratch=$work/$1.d
  mkdir "$scratch" "$work/$1" "$work/$1-next"
  export NIXPACK_ENGINE=$2
  paths=$(paths_of redis)
  call redis
  disk "$work/$1" size=100m
  NIXPACK_CACHE_DIR=$work/$1/c settled "$scratch/out" "${program[@]}" || complain 100m "cannot start it at all"
  local kilobytes inodes
  kilobytes=$(($(df -k --output=used "$work/$1" | tail -n 1)))
  inodes=$(($(df -k --output=iused "$work/$1" | tail -n 1)))
  roomy=$((kilobytes * 9 / 8 + 2048))k
  echo "$kilobytes KiB, $inodes inodes" >"$scratch/need"
  for i in $(seq "$SIZES"); do round "$work/$1" "$i"; done
  forced "$work/$1" "size=$roomy"
  proposed "$work/$1" "size=$roomy"
  for limit in 0 1 4 16 64 256 1024 4096 16384; do limited "$work/$1" "$limit"; done
  umount -l "$work/$1"
}

(RANDOM=$SEED && job p mount >"$work/p.wrong" 2>&1) &
(RANDOM=$((SEED + 1)) && job r relocate >"$work/r.wrong" 2>&1) &
wait
for name in p r; do
  case $name in p) title="plain store" ;; *) title="relocated" ;; esac
  equal "$title: a disk that is full is named, nothing half-written gets its final name, the next start works" "$(cat "$work/$name.wrong")" ""
  counts=$(sort -V "$work/$name.d/outcomes" | uniq -c | awk '{ n = $1; $1 = ""; printf "%s%s: %d", c, $0, n; c = "," }')
  echo "# $title ($(cat "$work/$name.d/need")), $(wc -l <"$work/$name.d/outcomes") disks:$counts"
  for outcome in "full after 0" "full after [1-9]" enough "moved on" stayed limited; do
    check "$title: there were cases of: $outcome" grep -q "$outcome" "$work/$name.d/outcomes"
  done
done
finish

. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS=detect_leaks=1

# The NAR hash and the size, as others see them.
reference() { echo "$(nix-store --dump "$1" | sha256sum | cut -d' ' -f1) $(find "$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')"; }
# same TITLE TREE
same() { equal "$1" "$("$BUILD/nar-hash" "$2" 2>&1)" "$(reference "$2")"; }

echo content >"$work/file"
same "a file has the NAR hash that nix-store computes" "$work/file"
chmod 0755 "$work/file"
same "an executable file has" "$work/file"
: >"$work/nothing"
same "an empty file has" "$work/nothing"
ln -s nowhere "$work/dangling"
same "a dangling symlink has" "$work/dangling"
mkdir "$work/empty"
same "an empty directory has" "$work/empty"
for size in 1 7 8 9 55 56 63 64 65 131071 131072 131073; do head -c "$size" /dev/urandom >"$work/empty/$size"; done
same "files of every alignment have" "$work/empty"

tree=$work/nasty
mkdir -p "$tree/empty/also empty" "$tree/b" "$tree/.hidden" "$tree/$(printf 'n%.0s' $(seq 255))"
for name in "new
line" "$(printf 'byte \351')" "$(printf '\001')" " " "-" '\' "b.txt" "b0" "B" "ö" ".hidden/..." "$(printf 'f%.0s' $(seq 254))"; do echo "$name" >"$tree/$name"; done
ln -s "$(printf 't%.0s' $(seq 4000))" "$tree/long"
ln -s . "$tree/loop"
ln -s / "$tree/b/out"
ln -s "new
line" "$tree/link"
ln "$tree/b0" "$tree/b/hard"
chmod 0000 "$tree/b.txt"
chmod 0010 "$tree/B"
chmod 0100 "$tree/b0"
same "names that hold anything, unusual modes and links have" "$tree"
deep=$work/deep
(mkdir "$deep" && cd "$deep" && for _ in $(seq 20); do mkdir -p "$(printf "depth%.0s/" $(seq 50))" && cd -P "$(printf "depth%.0s/" $(seq 50))" || exit; done && echo end >end)
# nar WORD...: as they stand in a NAR
nar() { for word; do printf "\\x$(printf %02x "${#word}")"'\0\0\0\0\0\0\0%s' "$word" && head -c $(((8 - ${#word} % 8) % 8)) /dev/zero; done; }
# nar_times COUNT WORD...
nar_times() { times=$1 && shift && nar "$@" >"$work/part" && yes "$work/part" | head -n "$times" | xargs cat; }
expected=$({ nar nix-archive-1; nar_times 1000 "(" type directory entry "(" name depth node; nar "(" type directory entry "(" name end node "(" type regular contents "end
" ")" ")" ")"; nar_times 1000 ")" ")"; } | sha256sum | cut -d' ' -f1)
equal "a tree that is deeper than a path can be long has, with few descriptors" "$(ulimit -n 32 && "$BUILD/nar-hash" "$deep" 2>&1)" "$expected 4"
wide=$work/wide
mkdir "$wide" && (cd "$wide" && seq -f 'entry-%g' 4000 | xargs touch)
same "a directory of 4000 entries has" "$wide"
for path in $(find /nix/store -mindepth 1 -maxdepth 1 ! -name '*.drv' ! -name '.*' ! -name '*.lock' 2>/dev/null | sort | awk 'NR % 12 == 1' | head -12); do
  same "the store path $(basename "$path" | cut -c34-) has" "$path"
done

mkfifo "$tree/fifo"
output=$("$BUILD/nar-hash" "$tree" 2>&1)
contains "a FIFO is refused by name, and nobody waits for it" "$?: $output" "125: nixpack: cannot hash \"$tree\": \"fifo\" in it: it is neither a file, a directory nor a symlink  [NIXPACK_CACHE_DAMAGED]"
contains "what is not there is an error" "$("$BUILD/nar-hash" "$work/none" 2>&1)" "No such file or directory"

# A bundle whose program refers to another path of it, in a file and in a symlink.
export ASAN_OPTIONS=detect_leaks=0
nar_of() { "$BUILD/nar-hash" "$1" | cut -d' ' -f1; }
mkdir -p "$work/data/share" "$work/prog/bin"
head -c 300000 /dev/urandom >"$work/data/share/numbers"
echo small >"$work/data/share/small"
ln -s "/nix/store/$hash_a-data/share/numbers" "$work/data/link"
script "$work/prog/bin/hello" <<END
#!/bin/sh
exec wc -c </nix/store/$hash_a-data/share/numbers
END
make_hello() {
  bundle "$1" "${2:-$BUILD/launcher}" <<END
name|hello
entry|$hash_b-hello
program|bin/hello
path|$hash_a-data
nar|$(nar_of "$work/data")
tree|$work/data
path|$hash_b-hello
nar|$(nar_of "$work/prog")
tree|$work/prog
END
}
make_hello "$work/hello"
make_hello "$work/hello-sanitized" "$BUILD/launcher-sanitized"
store=$work/cache/store
# settled: both paths have their durable marks, so that nothing of the start is under way
settled() { await 10 test -s "$work/cache/durable/$hash_a-data" && await 10 test -s "$work/cache/durable/$hash_b-hello"; }
inode() { stat -c %i "$store/$hash_a-data"; }
verify() { "$work/hello-sanitized" --nixpack-verify "$@" 2>&1; echo "$?"; }

contains "before the first start there is nothing to verify" "$(verify)" "hello: nothing of it is unpacked
0"
equal "the bundle runs" "$("$work/hello")" 300000
check "and settles" settled
equal "what is unpacked is intact" "$(verify)" "hello: footer, index and 2 frames of 2 store paths are intact
hello: 2 unpacked store paths in \"$work/cache\" are intact
0"

# Published in an earlier boot, and never synced.
other_boot() {
  for name in "$hash_a-data" "$hash_b-hello"; do
    rm -f "$work/cache/durable/$name"
    echo "other-boot $name" >"$work/cache/pending/$name"
  done
}
for variant in hello hello-sanitized; do
  before=$(inode)
  other_boot
  equal "a path of an earlier boot that is intact runs ($variant)" "$("$work/$variant")" 300000
  equal "and is not unpacked anew" "$(inode)" "$before"
  check "but becomes durable" settled
  other_boot
  : >"$store/$hash_a-data/share/numbers"
  equal "one that is not is unpacked anew ($variant)" "$("$work/$variant")" 300000
  check "which settles" settled
  other_boot
  chmod 0755 "$store/$hash_a-data/share" && mkfifo "$store/$hash_a-data/share/fifo"
  equal "one with something more in it, too ($variant)" "$("$work/$variant") $(test -e "$store/$hash_a-data/share/fifo" || echo gone)" "300000 gone"
  check "and settles" settled
done

# damage: one byte, with size and time stamps as they were
damage() {
  old=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf "\\$(printf %o $((255 - old)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
damage "$store/$hash_a-data/share/numbers" 1000
equal "a damaged path is named, and is a failure" "$(verify)" "hello: footer, index and 2 frames of 2 store paths are intact
damaged: $store/$hash_a-data
hello: cannot rely on cache directory \"$work/cache\": 1 of 2 unpacked store paths of this bundle are damaged or missing  [NIXPACK_CACHE_DAMAGED]
  hint: unpack them anew with --nixpack-verify --repair
125"
exec 7<"$store/$hash_a-data/share/small"
equal "--repair unpacks it anew" "$(verify --repair)" "hello: footer, index and 2 frames of 2 store paths are intact
damaged: $store/$hash_a-data
repaired: $store/$hash_a-data
hello: 1 of 2 unpacked store paths in \"$work/cache\" were damaged or missing and are repaired
0"
equal "who had a file of it open keeps that" "$(cat <&7)" small
exec 7<&-
contains "and all is well" "$(verify)" "2 unpacked store paths in \"$work/cache\" are intact"
check "which settles" settled
chmod -R u+w "$store/$hash_b-hello" && rm -rf "$store/$hash_b-hello"
chmod u+w "$store/$hash_a-data" && ln -sf elsewhere "$store/$hash_a-data/link"
equal "a missing path and a changed symlink are named" "$(verify | grep -v '^hello\|hint')" "damaged: $store/$hash_a-data
missing: $store/$hash_b-hello
125"
equal "and repaired" "$(verify --repair | tail -1) $(nar_of "$store/$hash_a-data") $(nar_of "$store/$hash_b-hello")" "0 $(nar_of "$work/data") $(nar_of "$work/prog")"
check "which settles" settled
for change in "chmod 0755 $store/$hash_a-data/share/small" "touch $store/$hash_a-data/share/more" "rm $store/$hash_a-data/share/small" \
  "mv $store/$hash_a-data/share/small $store/$hash_a-data/share/smaller"; do
  chmod -R u+w "$store/$hash_a-data"
  $change
  contains "${change%% *} is damage" "$(verify)" "damaged: $store/$hash_a-data"
  contains "and repaired" "$(verify --repair)" "repaired: $store/$hash_a-data"
  check "which settles" settled
done
contains "--nixpack-verify takes nothing else" "$(verify --else)" "it takes no such arguments  [NIXPACK_USAGE_INVALID]"

# Starts while the path that they use is damaged and repaired, over and over.
wrong=
for i in $(seq 10); do
  damage "$store/$hash_a-data/share/numbers" "$i"
  pids=
  for j in 1 2 3 4; do
    "$work/hello" >"$work/out.$j" 2>&1 & pids="$pids $!"
  done
  "$work/hello" --nixpack-verify --repair >"$work/out.repair" 2>&1 || wrong="$wrong repair:$(cat "$work/out.repair")"
  for pid in $pids; do wait "$pid" || wrong="$wrong $i"; done
  [ "$(sort -u "$work"/out.[1-4])" = 300000 ] || wrong="$wrong $(sort -u "$work"/out.[1-4])"
done
equal "no start notices a repair" "$wrong" ""
check "and all settles" settled

# Relocated trees.
export NIXPACK_ENGINE=relocate
short=$(mktemp -d /tmp/npv.XXXXXX)
cleanups="chmod -R u+w $short; rm -rf $short"
export NIXPACK_CACHE_DIR=$short
equal "the relocated bundle runs" "$("$work/hello-sanitized")" 300000
tree=$(find "$short" -maxdepth 1 -name '[0-9]*')
contains "a relocated tree is verified against the original hash" "$(verify)" "2 unpacked store paths in \"$short\" are intact"
check "a relocated tree settles" await 10 test -s "$short/trees/0.durable/$(basename "$tree"/*-data)"
damage "$(echo "$tree"/*-hello/bin/hello)" 3
equal "and damage in it is named" "$(verify | grep damaged:)" "damaged: $(echo "$tree"/*-hello)"
contains "and repaired" "$(verify --repair)" "repaired: $(echo "$tree"/*-hello)"
equal "to what runs" "$("$work/hello")" 300000
finish

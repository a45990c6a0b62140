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
(mkdir "$deep" && cd "$deep" && for _ in $(seq 60); do mkdir -p "$(printf 'd%.0s/' $(seq 50))" && cd -P "$(printf 'd%.0s/' $(seq 50))" || exit; done && echo end >end)
# nar WORD...: as they stand in a NAR
nar() { for word; do printf "\\x$(printf %02x "${#word}")"'\0\0\0\0\0\0\0%s' "$word" && head -c $(((8 - ${#word} % 8) % 8)) /dev/zero; done; }
# nar_times COUNT WORD...
nar_times() { times=$1 && shift && nar "$@" >"$work/part" && for _ in $(seq "$times"); do cat "$work/part"; done; }
expected=$({ nar nix-archive-1; nar_times 3000 "(" type directory entry "(" name d node; nar "(" type directory entry "(" name end node "(" type regular contents "end
" ")" ")" ")"; nar_times 3000 ")" ")"; } | sha256sum | cut -d' ' -f1)
equal "a tree that is deeper than a path can be long has, with few descriptors" "$(ulimit -n 32 && "$BUILD/nar-hash" "$deep" 2>&1)" "$expected 4"
wide=$work/wide
mkdir "$wide" && (cd "$wide" && seq -f 'entry-%g' 20000 | xargs touch)
same "a directory of 20000 entries has" "$wide"
for path in $(find /nix/store -mindepth 1 -maxdepth 1 ! -name '*.drv' ! -name '.*' ! -name '*.lock' 2>/dev/null | sort | awk 'NR % 12 == 1' | head -12); do
  same "the store path $(basename "$path" | cut -c34-) has" "$path"
done

mkfifo "$tree/fifo"
output=$("$BUILD/nar-hash" "$tree" 2>&1)
contains "a FIFO is refused by name, and nobody waits for it" "$?: $output" "125: nixpack: cannot hash \"$tree\": \"fifo\" in it: it is neither a file, a directory nor a symlink  [NIXPACK_CACHE_DAMAGED]"
contains "what is not there is an error" "$("$BUILD/nar-hash" "$work/none" 2>&1)" "No such file or directory"
finish

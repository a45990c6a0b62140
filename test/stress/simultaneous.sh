# Many first starts of two bundles at the same time: all succeed, and every store path is unpacked once.
. "$(dirname "$0")/lib.sh"
STARTS=${STARTS:-200}

# all_start NAME COMMAND_1 COMMAND_2: half of the starts with each command. Sets `milliseconds`; their output is in NAME.d.
all_start() {
  local pids= begin pid
  bad=0
  begin=$(date +%s%N)
  for i in $(seq $((STARTS / 2))); do
    $2 >"$work/$1.d/out.$i.1" 2>&1 </dev/null & pids="$pids $!"
    $3 >"$work/$1.d/out.$i.2" 2>&1 </dev/null & pids="$pids $!"
  done
  for pid in $pids; do wait "$pid" || bad=$((bad + 1)); done
  milliseconds=$((($(date +%s%N) - begin) / 1000000))
}

prepared() {
  scratch=$work/$1.d
  mkdir "$scratch" "$work/$1"
  mount -t tmpfs -o mode=0755 none "$work/$1"
  export NIXPACK_CACHE_DIR=$work/$1/c
}

# Two real bundles that share their C library. NAME ENGINE TITLE
real() {
  prepared "$1"
  export NIXPACK_ENGINE=$2
  exec 7> >(exec "$BUILD/count-paths" "$work/$1" >"$scratch/counts" 2>&1)
  local counter=$!
  await 10 grep -q . "$scratch/counts"
  all_start "$1" "$BUNDLES/redis --version" "$BUNDLES/bash --version"
  exec 7>&-
  wait "$counter"
  equal "$3: $STARTS simultaneous first starts of two bundles all succeed" "$bad" 0
  echo "# $3: $STARTS starts in $milliseconds ms, $(grep -c '^created 1 ' "$scratch/counts") paths unpacked once, $(grep '^created' "$scratch/counts" | grep -vc ' 1 ') more than once"
  if grep -q ready "$scratch/counts"; then
    equal "$3: every path was unpacked once" "$(grep '^created' "$scratch/counts" | grep -v ' 1 ')" ""
    equal "$3: as many as there are" "$(grep -c '^created 1 ' "$scratch/counts")" "$union"
    equal "$3: and published once" "$(grep '^moved' "$scratch/counts" | grep -v ' 1 ')" ""
  else
    skip "$3: every path was unpacked once" "no fanotify here: $(cat "$scratch/counts")"
  fi
  for bundle in redis bash; do
    look "$bundle" "$NIXPACK_CACHE_DIR"
    equal "$3: every path of $bundle has its narHash" "$usable $damaged" "$(paths_of "$bundle") 0"
  done
}

# Two bundles with paths that cannot be told apart in a tree, since the first characters of their hashes are the same.
conflicting() {
  prepared c
  export NIXPACK_ENGINE=relocate NIXPACK_CACHE_DIR=$work/c/conflict
  head -c 3000000 /dev/urandom | base64 >"$work/shared"
  local number
  for number in 1 2; do
    script "$work/program-$number" <<END
#!/bin/sh
read -r line </nix/store/${hash_a%0}$number-data
echo "\$line"
END
    echo "this is $number" >"$work/data-$number"
    cat "$work/shared" >>"$work/data-$number"
    bundle "$work/conflict-$number" <<END
name|conflict-$number
entry|${hash_b%1}$number-program
path|${hash_a%0}$number-data
file|${hash_a%0}$number-data|444|$work/data-$number
path|${hash_b%1}$number-program
file|${hash_b%1}$number-program|555|$work/program-$number
path|$hash_r-shared
file|$hash_r-shared|444|$work/shared
END
  done
  all_start c "$work/conflict-1" "$work/conflict-2"
  equal "relocated, paths that cannot be told apart: all succeed" "$bad $(cat "$scratch"/out.*.1 | sort | uniq -c | tr -s ' ') $(cat "$scratch"/out.*.2 | sort | uniq -c | tr -s ' ')" \
    "0  $((STARTS / 2)) this is 1  $((STARTS / 2)) this is 2"
  echo "# relocated, paths that cannot be told apart: $STARTS starts in $milliseconds ms, $(ls "$NIXPACK_CACHE_DIR"/trees | grep -c '^.$') trees"
  for number in 1 2; do equal "conflict-$number starts alone afterwards" "$("$work/conflict-$number" 2>&1)" "this is $number"; done
}

union=$({ for bundle in redis bash; do "$BUNDLES/$bundle" --nixpack-list; done; } | grep -o '[0-9a-z]\{32\}-[^ /]*' | sort -u | wc -l)
real p mount "plain store"
real r relocate relocated
conflicting
for name in p r c; do umount -l "$work/$name"; done
finish

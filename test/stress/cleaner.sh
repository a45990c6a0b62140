# A cleaner of temporary directories takes the files and leaves the directories, while a composed bundle runs from them.
. "$(dirname "$0")/lib.sh"

# ask PORT METHOD PATH [BODY]: the answer, its status line first. By bash alone.
ask() {
  local body=${4:-}
  exec 6<>"/dev/tcp/127.0.0.1/$1" || return
  printf '%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s' "$2" "$3" "${#body}" "$body" >&6
  timeout 20 cat <&6
  exec 6>&-
}

answers() { ask "$1" GET / | head -n 1 | grep -q ' 200 '; }

# up: starts markov and waits until it answers; sets `bundle` (its process) and `port`
up() {
  # Below those that the kernel gives to whoever connects to something.
  draw 12000
  port=$((20000 + drawn))
  MARKOV_LISTEN_ADDR=127.0.0.1:$port MARKOV_DATA_DIR=$scratch/data "$BUNDLES/entrypoint" >"$scratch/out" 2>&1 </dev/null &
  bundle=$!
  await 60 answers "$port"
}

down() {
  kill -TERM "$bundle"
  wait "$bundle"
}

clean_all() { find "$NIXPACK_CACHE_DIR" -type f -delete; }
clean_some() { find "$NIXPACK_CACHE_DIR" \( -path '*/lib/*' -o -path '*/bin/*' \) -type f -delete; }
clean_store() { find "$NIXPACK_CACHE_DIR/store" "$NIXPACK_CACHE_DIR/0" -type f -delete 2>/dev/null; }

# cleaned ENGINE CLEANER TITLE
cleaned() {
  scratch=$work/d
  mkdir "$scratch" "$scratch/data" "$work/c"
  mount -t tmpfs -o mode=0755 none "$work/c"
  export NIXPACK_CACHE_DIR=$work/c/c NIXPACK_ENGINE=$1
  check "$3: it starts" up
  equal "$3: it learns" "$(ask "$port" POST /build "the quick brown fox jumps over the lazy dog and the quick cat" | head -n 1 | cut -d' ' -f2)" 200
  $2
  equal "$3: it goes on when its files are gone" "$(ask "$port" GET '/generate?numParts=5' | head -n 1 | cut -d' ' -f2)" 200
  check "$3: it ends" down
  # A look at all sizes is believed for ten minutes.
  find "$NIXPACK_CACHE_DIR/roots" -type f -exec touch -d '11 minutes ago' {} + 2>/dev/null
  check "$3: it starts again" up
  equal "$3: it knows what it has learnt" "$(ask "$port" GET '/generate?numParts=5' | head -n 1 | cut -d' ' -f2)" 200
  check "$3: it ends again" down
  look entrypoint "$NIXPACK_CACHE_DIR"
  equal "$3: every path has its narHash" "$usable $damaged" "$(paths_of entrypoint) 0"
  [ "$damaged" -eq 0 ] || sed 's/^/# /' "$scratch/look"
  await 20 umount "$work/c"
  rm -rf "$scratch" "$work/c"
}

for engine in mount relocate; do
  cleaned "$engine" clean_all "$engine, every file deleted"
  cleaned "$engine" clean_store "$engine, every file deleted but the marks"
  cleaned "$engine" clean_some "$engine, programs and libraries deleted"
done
finish

# Random numbers, stores and their checks. Sourced by every test of the suite; SEED, BUILD and BUNDLES come from `run`.
. "$(dirname "$0")/../launcher/lib.sh"
unset NIXPACK_CACHE_DIR
RANDOM=$SEED
# Of one job; jobs run at the same time.
scratch=$work

# draw N: sets `drawn` to a number from 0 to N - 1. (A subshell has other random numbers than its parent.)
draw() { drawn=$(((RANDOM << 30 | RANDOM << 15 | RANDOM) % $1)); }

# call BUNDLE: sets `program` to the command that ends soon and `expected` to the beginning of what it prints.
call() {
  case $1 in
    redis) program=("$BUNDLES/redis" --version) expected="Redis server v=" ;;
    bash) program=("$BUNDLES/bash" -c "echo started") expected=started ;;
    entrypoint) program=("$BUNDLES/entrypoint" --help) expected="markov: REST API" ;;
  esac
}

# starts BUNDLE: whether it does, and prints what it has to.
starts() {
  call "$1"
  "${program[@]}" >"$scratch/started" 2>&1 </dev/null && case $(head -n 1 "$scratch/started") in "$expected"*) return 0 ;; esac
  cat "$scratch/started"
  return 1
}

# look BUNDLE CACHE: what check-store says, as `there`, `damaged`, `durable_damaged`, `usable`, `usable_damaged` and `durable`,
# summed up over the stores of the cache.
look() {
  there=0 damaged=0 durable_damaged=0 usable=0 usable_damaged=0 durable=0
  "$BUILD/check-store" "$BUNDLES/$1" "$2" >"$scratch/look" 2>&1 || cat "$scratch/look"
  while read -r store a b c d e f; do
    case $store in
      plain | tree-*) there=$((there + a)) damaged=$((damaged + b)) durable_damaged=$((durable_damaged + c)) usable=$((usable + d)) \
        usable_damaged=$((usable_damaged + e)) durable=$((durable + f)) ;;
    esac
  done <"$scratch/look"
}

paths_of() { "$BUILD/check-store" "$BUNDLES/$1" /nonexistent | sed -n 's/^paths //p'; }

# settled FILE PROGRAM...: starts it and waits until also the background sync is over; sets `took` (microseconds). FILE: its output.
settled() {
  read -r _ status took < <("$BUILD/kill-at" all 110000000 "$@")
  return "$status"
}

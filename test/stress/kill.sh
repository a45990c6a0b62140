# First starts killed with SIGKILL at random instants, from before the first directory to after the background sync.
. "$(dirname "$0")/lib.sh"
KILLS=${KILLS:-150}

# What had been reached, from what is there.
reached() {
  local output=$1 cache=$2 paths=$3
  if [ ! -e "$cache" ]; then echo "1 nothing"
  elif [ "$durable" -eq "$paths" ]; then echo "7 all durable"
  elif [ "$durable" -gt 0 ]; then echo "6 some durable"
  elif [ -s "$output" ]; then echo "5 started"
  elif [ "$there" -eq "$paths" ]; then echo "4 all published"
  elif [ "$there" -gt 0 ]; then echo "3 some published"
  elif [ -n "$(ls -A "$cache/tmp" 2>/dev/null)" ]; then echo "2 unpacking"
  else echo "1 directories"; fi
}

# A worker that was killed is named; otherwise the start went well.
is_fair() {
  local whom=$1 output=$2
  [ "$whom" = worker ] || return 0
  case $(cat "$output") in
    "$expected"* | *"the unpacking process was killed"*NIXPACK_CACHE_UNWRITABLE*) return 0 ;;
  esac
  return 1
}

# one_round BUNDLE DURATION NUMBER
one_round() {
  local bundle=$1 whom=all output=$scratch/out
  case $(($3 % 4)) in 2) whom=launcher ;; 3) whom=worker ;; esac
  # The background sync of the last round may still be at work in its directory.
  rm -rf "$NIXPACK_CACHE_DIR" 2>/dev/null
  export NIXPACK_CACHE_DIR=${NIXPACK_CACHE_DIR%/*}/$3
  draw "$2"
  call "$bundle"
  read -r outcome _ < <("$BUILD/kill-at" "$whom" "$drawn" "$output" "${program[@]}")
  look "$bundle" "$NIXPACK_CACHE_DIR"
  echo "$(reached "$output" "$NIXPACK_CACHE_DIR" "$paths")" >>"$scratch/reached"
  echo "$whom $outcome" >>"$scratch/outcomes"
  [ "$damaged" -eq 0 ] || echo "round $3 ($whom at $drawn us): $(cat "$scratch/look")"
  is_fair "$whom" "$output" || echo "round $3 ($whom at $drawn us): $(cat "$output")"
  starts "$bundle" || echo "round $3 ($whom at $drawn us): the next start failed"
  look "$bundle" "$NIXPACK_CACHE_DIR"
  [ "$usable-$damaged" = "$paths-0" ] || echo "round $3 ($whom at $drawn us), after the next start: $(cat "$scratch/look")"
  return 0
}

# job NAME BUNDLE ENGINES COUNT: prints what is wrong.
job() {
  local bundle=$2 engines=($3) times=
  scratch=$work/$1.d
  mkdir "$scratch" "$work/$1"
  mount -t tmpfs -o mode=0755 none "$work/$1" || return
  export NIXPACK_CACHE_DIR=$work/$1/c
  paths=$(paths_of "$bundle")
  call "$bundle"
  for i in 1 2 3; do
    rm -rf "$NIXPACK_CACHE_DIR"
    NIXPACK_ENGINE=${engines[0]} settled "$scratch/out" "${program[@]}" || echo "cannot start it at all: $(cat "$scratch/out")"
    times="$times $took"
  done
  duration=$(printf '%s\n' $times | sort -n | sed -n 2p)
  echo "$duration" >"$scratch/duration"
  for i in $(seq "$4"); do
    export NIXPACK_ENGINE=${engines[$((i / 4 % ${#engines[@]}))]}
    one_round "$bundle" "$duration" "$i"
  done
  settled "$scratch/out" "${program[@]}"
  [ -z "$(ls -A "$NIXPACK_CACHE_DIR/tmp")" ] || echo "left behind: $(ls "$NIXPACK_CACHE_DIR/tmp")"
}

# report_job NAME TITLE COUNT
report_job() {
  equal "$2: the next start works, and every path has its narHash" "$(cat "$work/$1.wrong")" ""
  echo "# $2: $3 instants within $(($(cat "$work/$1.d/duration") / 1000)) ms; reached: $(sort "$work/$1.d/reached" | uniq -c | awk '{ n = $1; $1 = $2 = ""; sub(/^ +/, ""); printf "%s %s %d", c, $0, n; c = "," }')"
  echo "#   $(sort "$work/$1.d/outcomes" | uniq -c | awk '{ printf "%s %s %s %d", c, $2, $3, $1; c = "," }')"
}

composed=$((KILLS / 15))
(
  RANDOM=$SEED
  job p redis "mount userns" "$KILLS" >"$work/p.wrong" 2>&1
  job P entrypoint mount "$composed" >"$work/P.wrong" 2>&1
) &
(
  RANDOM=$((SEED + 1))
  job r redis relocate "$KILLS" >"$work/r.wrong" 2>&1
  job R entrypoint relocate "$composed" >"$work/R.wrong" 2>&1
) &
wait
report_job p "redis, plain store" "$KILLS"
report_job r "redis, relocated" "$KILLS"
check "redis: the instants were spread" test "$(sort -u "$work/p.d/reached" "$work/r.d/reached" | wc -l)" -ge 5
report_job P "markov, plain store" "$composed"
report_job R "markov, relocated" "$composed"
for name in p P r R; do umount -l "$work/$name"; done
finish

. "$(dirname "$0")/lib.sh"
composed "$work/group"

is_gone() { ! kill -0 "$1" 2>/dev/null; }
parent_of() { awk '{ sub(/.*\) /, ""); print $2 }' "/proc/$1/stat"; }
session_of() { awk '{ sub(/.*\) /, ""); print $4 }' "/proc/$1/stat"; }
# pid_in FILE: of the supervisor, as soon as it has written it
pid_in() { await 5 test -s "$1" && cut -d' ' -f1 "$1"; }

output=$("$work/group" up -d arrive "$work/arrived" 2>"$work/words" </dev/zero)
equal "who started it ends with the status that it is told" $? 3
equal "what was said until then is on standard error" "$(cat "$work/words")" "some words"
equal "and nothing on standard output" "$output" ""
pid=$(pid_in "$work/arrived")
check "the bundle goes on" kill -0 "$pid"
equal "without the input of whoever started it" "$(readlink "/proc/$pid/fd/0")" /dev/null
init=$(parent_of "$(parent_of "$pid")")
check "in a session of its own" test "$(session_of "$init")" = "$init"
kill -TERM "$init"
check "a signal to its first process ends it" await 5 is_gone "$pid"

"$work/group" up -d fail "$work/failed" 2>"$work/words"
equal "a start that fails ends with its status" $? 6
equal "and shows what it said" "$(cat "$work/words")" "some words"

"$work/group" up -d hang "$work/hanging" 2>"$work/words" &
waiting=$!
pid=$(pid_in "$work/hanging")
kill -TERM "$waiting"
wait "$waiting"
equal "whoever gives up waiting gives up the start" $? 143
check "and nothing of it is left" is_gone "$pid"

"$work/group" up -d hang "$work/killed" 2>"$work/words" &
waiting=$!
kill -KILL "$(pid_in "$work/killed")"
wait "$waiting"
equal "a supervisor that is killed is told as such" $? 137

# asked WORD...: how often the supervisor was told that somebody waits; what it shows is relayed then
asked() { "$work/group" "$@" 2>&1 | grep -c '^env NIXPACK_DETACH_FD='; }
equal "the option may be the first word" "$(asked --detach)" 1
equal "or stand anywhere behind up" "$(asked up --wait -d)" 1
equal "of other commands it is their own" "$(asked show -d)" 0
equal "behind -- it is an operand" "$(asked up -- -d)" 0

finish

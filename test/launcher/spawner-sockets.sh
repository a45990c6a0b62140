. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/spawner-lib.sh"
port() { printf 'listen|web|kind=tcp|host=127.0.0.1|port=0\nwait listening web\nclose\n' | "$BUILD/spawner-driver" "$shim" | sed -n 's/^listening web port=//p'; }
fifo="stdout=fifo|stderr=fifo|fifo-dir=$work/f"

# What a child is given.
output=$(drive <<END
listen|web|kind=tcp|host=127.0.0.1|port=0
listen|db|kind=unix|path=$work/db
spawn|a|$fifo|socket=db|socket=web|arg=/bin/bash|arg=-c|arg=echo \$LISTEN_FDS \$LISTEN_FDNAMES; if [ \$LISTEN_PID = \$\$ ]; then echo own; fi; ls /proc/\$\$/fd; readlink /proc/\$\$/fd/3 /proc/\$\$/fd/4; :
wait exited a
close
END
)
equal "sockets are handed over from 3, with their names" "$(grep -A 8 '^out' <<<"$output" | sed 's/socket:\[[0-9]*\]/socket/' | tr '\n' ' ')" "out 2 db:web own 0 1 2 3 4 socket socket "
output=$(drive <<END
listen|db|kind=unix|path=$work/in
wait listening db
spawn|a|stdin=socket:db|arg=$peer|arg=accept|arg=0|arg=1|arg=inetd
wait spawned a
sh $peer connect $work/in
wait exited a
close
END
)
equal "a socket as standard input" "$(sed -n '3,4p' <<<"$output")" "inetd
exited a code=0"
output=$(drive <<END
listen|db|kind=unix|path=$work/db
spawn|a|$fifo|socket=db|ready-fd=9|arg=/bin/bash|arg=-c|arg=ls /proc/\$\$/fd; :
wait exited a
close
END
)
equal "the readiness pipe is where it was wanted, behind the sockets" "$(grep -A 4 '^out' <<<"$output" | tr '\n' ' ')" "out 0 1 2 3 9 "

# Restarts.
port=$(port)
output=$(drive <<END
listen|web|kind=tcp|host=127.0.0.1|port=$port
wait listening web
spawn|a|socket=web|arg=$peer|arg=accept|arg=3|arg=1|arg=first
wait spawned a
sh $peer connect 127.0.0.1 $port
wait exited a
sh $peer connect 127.0.0.1 $port >$work/second & $peer connect 127.0.0.1 $port >$work/third &
spawn|b|socket=web|arg=$peer|arg=accept|arg=3|arg=2|arg=second
wait exited b
close
END
)
equal "a socket outlives its children" "$output" "listening web port=$port
spawned a pid=N
first
exited a code=0
spawned b pid=N
exited b code=0
spawner exit 0"
check "connections that nobody was there for are answered by the next child" await 5 eval '[ "$(cat "$work/second" "$work/third" | tr "\n" " ")" = "second second " ]'

# Some servers end with shutdown(), which ends the socket for all who share it.
shut() { # ADDRESS TARGET...
  drive <<END
listen|web|$1
wait listening web
spawn|a|socket=web|arg=$peer|arg=shut|arg=3
wait exited a
sh $peer connect ${*:2} >$work/between &
spawn|b|socket=web|arg=$peer|arg=accept|arg=3|arg=1|arg=again
wait exited b
close
END
}
contains "a child that shuts its socket down has not closed it for the next" "$(shut "kind=tcp|host=127.0.0.1|port=$port" 127.0.0.1 "$port")" "exited b code=0"
check "nor for whoever comes in between" await 5 grep -qx again "$work/between"
contains "the same with a local one" "$(shut "kind=unix|path=$work/shut" "$work/shut")" "exited b code=0"
check "which can be reached in between, too" await 5 grep -qx again "$work/between"
equal "and is removed in the end" "$(ls "$work/shut" 2>&1 | grep -c 'No such')" 1

# Sockets for datagrams as well; for them connect() is another way to spoil what is shared.
spoil() { # HOW ADDRESS TARGET...
  drive <<END
listen|web|$2
wait listening web
spawn|z|socket=web|arg=/bin/sleep|arg=9
wait spawned z
spawn|a|socket=web|arg=$peer|arg=$1|arg=3
wait exited a
$([ "$1" = shut ] && echo "sh $peer send ${*:3} text")
spawn|b|socket=web|stdout=fifo|fifo-dir=$work/spoilt|arg=$peer|arg=receive|arg=3
wait spawned b
$([ "$1" = shut ] || echo "sh $peer send ${*:3} text")
wait exited b
close
END
}
for how in shut join; do
  contains "$how: a local socket for datagrams can be used again" "$(spoil $how "kind=unixgram|path=$work/gram" "$work/gram")" "out text"
  contains "$how: so can one in the internet, also while another child has it" "$(spoil $how "kind=udp|host=127.0.0.1|port=$port" 127.0.0.1 "$port")" "out text"
done

# Somebody else may write to the directory.
mkdir "$work/theirs"
(umask 077 && : >"$work/target")
"$peer" replace "$work/theirs/s" "$work/target" &
replacer=$!
for name in $(seq 500); do
  printf 'listen|%s|kind=unix|path=%s/theirs/s|mode=777\nunlisten|%s\nspawn|x|arg=/bin/rm|arg=-f|arg=%s/theirs/s\nwait exited x\n' "$name" "$work" "$name" "$work"
done | "$BUILD/spawner-driver" "$shim" >/dev/null
equal "whoever replaces the path of a socket by a link does not change the mode of what it leads to" "$(stat -c %a "$work/target")" 600
kill $replacer 2>/dev/null
wait $replacer 2>/dev/null
equal "a socket has its mode at once" "$(printf 'listen|m|kind=unix|path=%s/mode|mode=640\nwait listening m\nsh stat -c %%a %s/mode\nclose\n' "$work" "$work" | drive | sed -n 2p)" 640

# reuse-port.
output=$(drive <<END
listen|web|kind=tcp|host=127.0.0.1|port=$port|reuse-port=1
wait listening web
spawn|a|socket=web|arg=$peer|arg=accept|arg=3|arg=1|arg=one
wait spawned a
spawn|b|socket=web|arg=$peer|arg=accept|arg=3|arg=1|arg=other
wait spawned b
sh readlink /proc/\$PID_a/fd/3 /proc/\$PID_b/fd/3 | sort -u | wc -l
listen|twice|kind=tcp|host=127.0.0.1|port=$port
wait refused twice
watch|web
wait error web
signal|a|scope=leader|signo=9
wait exited a
signal|b|scope=leader|signo=9
wait exited b
sh $peer connect 127.0.0.1 $port
close
END
)
equal "with reuse-port each child has a socket of its own" "$(grep -x '[0-9]' <<<"$output")" 2
contains "the address stays reserved" "$output" "refused twice errno=98 text=Address in use"
contains "without children nobody answers" "$output" "connect: Connection refused"
contains "such a socket cannot be watched" "$output" "error web text=cannot watch the socket: its children have one each"

# Local sockets: path, mode, owner.
output=$(umask 022; drive <<END
listen|plain|kind=unix|path=$work/plain
listen|mode|kind=unix|path=$work/mode|mode=660|umask=777
listen|umask|kind=unix|path=$work/umask|umask=077
listen|gram|kind=unixgram|path=$work/gram|mode=600
wait listening gram
sh stat -c '%A %n' $work/plain $work/mode $work/umask $work/gram
unlisten|plain
listen|again|kind=unix|path=$work/mode
wait refused again
listen|again|kind=unix|path=$work/mode|replace=1
wait listening again
unlisten|mode
sh $peer connect $work/mode & p=\$!; [ -S $work/mode ] && echo kept; kill \$p
listen|long|kind=unix|path=$work/$(printf '%0100d' 0)
wait refused long
close
END
)
equal "mode and umask of local sockets" "$(grep '^s' <<<"$output" | sed "s|$work/||")" "srwxr-xr-x plain
srw-rw---- mode
srwx------ umask
srw------- gram
spawner exit 0"
contains "a path that is there is refused" "$output" "refused again errno=98 text=Address in use"
contains "unless it is to be replaced" "$output" "listening again port=0"
contains "a path that has become somebody else's stays" "$output" "kept"
contains "a path that is too long is refused" "$output" "refused long errno=36"
equal "paths are gone afterwards" "$(find "$work" -type s)" ""
: >"$work/file"
contains "a file is never replaced" "$(printf 'listen|file|kind=unix|path=%s/file|replace=1\nwait refused file\nclose\n' "$work" | drive)" "refused file errno=17 text=File exists"
check "and is still there" test -f "$work/file"

# Datagrams.
output=$(drive <<END
listen|gram|kind=unixgram|path=$work/gram
listen|udp|kind=udp|host=127.0.0.1|port=$port
wait listening udp
sh $peer send $work/gram local; $peer send 127.0.0.1 $port internet
spawn|a|$fifo|socket=gram|socket=udp|arg=/bin/sh|arg=-c|arg=$peer receive 3; $peer receive 4
wait exited a
close
END
)
equal "datagrams wait for the child as well" "$(grep -A 1 '^out' <<<"$output")" "out local
internet"
contains "a port without a number is found" "$(printf 'listen|a|kind=udp|host=::1|port=0\nwait listening a\nclose\n' | drive)" "listening a port="
check "and is told" test "$port" -gt 0

# On demand.
output=$(drive <<END
listen|web|kind=tcp|host=127.0.0.1|port=$port
watch|web
wait listening web
sh $peer connect 127.0.0.1 $port >$work/one & $peer connect 127.0.0.1 $port >$work/two &
wait demanded web
spawn|a|socket=web|arg=$peer|arg=accept|arg=3|arg=2|arg=served
wait exited a
watch|web
unwatch|web
sh $peer connect 127.0.0.1 $port >$work/three &
spawn|b|socket=web|arg=$peer|arg=accept|arg=3|arg=1|arg=served
wait exited b
close
END
)
equal "demand is told once, and not when it is no longer asked for" "$output" "listening web port=$port
demanded web
spawned a pid=N
exited a code=0
spawned b pid=N
exited b code=0
spawner exit 0"
check "those who have asked are served" await 5 eval '[ "$(sort -u "$work/one" "$work/two" "$work/three")" = served ]'

# What is refused.
for fields in 'kind=x' 'kind=tcp|host=localhost|port=1' 'kind=tcp|host=|port=1' 'kind=tcp|host=127.0.0.1|port=65536' 'kind=tcp|host=127.0.0.1' 'kind=unix|path=relative' 'kind=unix' \
  'kind=unix|path=/tmp/x|reuse-port=1' 'kind=tcp|host=127.0.0.1|port=1|backlog=-1' 'kind=unix|path=/tmp/x|mode=8' 'kind=tcp|host=127.0.0.1|port=1|interface=an-interface-with-a-long-name'; do
  contains "bad address $fields" "$(printf 'listen|a|%s\nwait refused a\nclose\n' "$fields" | drive)" "refused a errno=22 text="
done
contains "an interface that is not there" "$(printf 'listen|a|kind=tcp|host=127.0.0.1|port=0|interface=nonsense\nwait refused a\nclose\n' | drive)" "refused a errno=19 text=No such device"
contains "an interface that is there" "$(printf 'listen|a|kind=tcp|host=127.0.0.1|port=0|interface=lo\nwait listening a\nclose\n' | drive)" "listening a port="
contains "an address of another host" "$(printf 'listen|a|kind=tcp|host=192.0.2.1|port=0\nwait refused a\nclose\n' | drive)" "refused a errno=99"
contains "a name that is taken" "$(printf 'listen|a|kind=tcp|host=127.0.0.1|port=0\nlisten|a|kind=tcp|host=127.0.0.1|port=0\nwait refused a\nclose\n' | drive)" "refused a errno=17 text=a socket of this name is open"
contains "a watch on nothing" "$(printf 'watch|a\nwait error a\nclose\n' | drive)" "error a text=cannot watch the socket: it is not open"
finish

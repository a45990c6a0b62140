. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/spawner-lib.sh"
# said PEER ARGUMENTS...: the events of a child that says this
said() {
  local words=
  for word in "$@"; do words="$words|arg=$word"; done
  printf 'spawn|a|%snotify=%s/n|stdout=inherit|arg=%s%s\nwait exited a\nclose\n' "${as:-}" "$work" "$peer" "$words" | drive
}
equal "a notification is told, line by line, before the end" "$(said notify 'READY=1\nSTATUS=all = well\n\nMAINPID=7')" "spawned a pid=N
notified a pid=N uid=0 field=READY=1 field=STATUS=all = well field=MAINPID=7
exited a code=0
spawner exit 0"
check "the sender is known by its process id" test "$(printf 'spawn|a|notify=%s/n|arg=%s|arg=notify|arg=READY=1\nwait exited a\nclose\n' "$work" "$peer" | "$BUILD/spawner-driver" "$shim" | sed -nE 's/.* (pid=[0-9]+).*/\1/p' | uniq | wc -l)" = 1
equal "a path is gone afterwards" "$(find "$work" -type s)" ""
equal "in the abstract name space" "$(printf 'spawn|a|notify=@np-test-%s|arg=%s|arg=notify|arg=READY=1\nwait exited a\nclose\n' "$$" "$peer" | drive | sed -n 2p)" "notified a pid=N uid=0 field=READY=1"
equal "a barrier opens when what was said before is told" "$(said barrier | sort)" "exited a code=0
passed
spawned a pid=N
spawner exit 0"
contains "a datagram of the largest size" "$(said notify-size 4096)" "notified a pid=N uid=0 field=xxxx"
equal "a larger one is dropped, and that is told" "$(said notify-size 4097 | sed -n 2p)" "error a text=a notification of more than 4096 bytes is dropped"
chmod 711 "$work"
as='uid=65534|gid=65534|groups=|'
equal "another user than ours speaks for itself" "$(said notify READY=1 | sed -n 2p)" "notified a pid=N uid=65534 field=READY=1"
equal "and cannot claim to be somebody else" "$(said forge 1 READY=1 | sort)" "exited a code=1
sendmsg: Operation not permitted
spawned a pid=N
spawner exit 0"
# Whoever is another user must not hold us up. What it has passed is received when it has closed it itself.
lingering() { # COUNT
  drive <<END
spawn|a|notify=@np-test-$$|uid=65534|gid=65534|groups=|arg=/bin/sleep|arg=99
wait spawned a
sh kill -STOP \$SPAWNER; setpriv --reuid=65534 --clear-groups env NOTIFY_SOCKET=@np-test-$$ $peer linger $1; kill -CONT \$SPAWNER
spawn|b|arg=/bin/true
wait exited b
${2:-}
close
END
}
contains "a descriptor that takes long to close holds nobody up" "$(lingering 3)" "exited b code=0"
contains "nor does one that nobody has received" "$(lingering 3 "sh kill -STOP \$SPAWNER; setpriv --reuid=65534 --clear-groups env NOTIFY_SOCKET=@np-test-$$ $peer linger 1
signal|a|scope=leader|signo=9
release|a
sh kill -CONT \$SPAWNER
spawn|c|arg=/bin/true
wait exited c" 2>&1)" "exited c code=0"
as=
equal "a third user cannot speak for it" "$(printf 'spawn|a|notify=@np-test-%s|arg=/bin/sleep|arg=9\nwait spawned a\nsh setpriv --reuid=1 --clear-groups env NOTIFY_SOCKET=@np-test-%s %s notify READY=1\nwait error a\nclose\n' "$$" "$$" "$peer" | drive | sed -n 2p)" "error a text=a notification of process N is dropped: it belongs to user 1"
equal "and cannot fill our log" "$(printf 'spawn|a|notify=@np-test-%s|arg=/bin/sleep|arg=9\nwait spawned a\nsh for i in 1 2 3; do setpriv --reuid=1 --clear-groups env NOTIFY_SOCKET=@np-test-%s %s notify READY=1; done; NOTIFY_SOCKET=@np-test-%s %s notify READY=1\nwait notified a\nclose\n' "$$" "$$" "$peer" "$$" "$peer" | drive | grep -c '^error')" 1
output=$(printf 'spawn|a|notify=%s/n|env=WATCHDOG_USEC=5|stdout=inherit|arg=/bin/sh|arg=-c|arg=if [ $WATCHDOG_PID = $$ ]; then echo $WATCHDOG_USEC $NOTIFY_SOCKET; fi\nwait exited a\nclose\n' "$work" | drive)
contains "the watchdog's variables name the child" "$output" "5 $work/n"
equal "a path that is too long fails" "$(printf 'spawn|a|notify=%s/%0100d|arg=/bin/true\nwait failed a\nclose\n' "$work" 0 | drive | head -1)" "failed a errno=36 stage=notify text=Filename too long"

# A line on a descriptor.
ready() { printf 'spawn|a|ready-fd=5|arg=/bin/sh|arg=-c|arg=%s\nwait exited a\nclose\n' "$1" | drive | grep -v spawner; }
equal "a line on the descriptor is readiness" "$(ready 'echo >&5')" "spawned a pid=N
ready-fd a
exited a code=0"
equal "in several writes" "$(ready 'printf a >&5; printf "b\n" >&5; echo c >&5')" "spawned a pid=N
ready-fd a
exited a code=0"
equal "closing it without a line is not" "$(ready 'printf a >&5; exec 5>&-')" "spawned a pid=N
exited a code=0"

# Outwards.
{ "$BUILD/spawner-driver" "$shim" <<END
spawn|manager|notify=$work/outer|arg=/bin/sleep|arg=99
wait spawned manager
sh printf 'sh echo \$PPID >$work/inner\ntell||state=READY=1|state=STATUS=up and running\nspawn|x|arg=/bin/sh|arg=-c|arg=exit 0\nwait exited x\nclose\n' | NOTIFY_SOCKET=$work/outer $BUILD/spawner-driver $shim >/dev/null
wait notified manager
signal|manager|scope=leader|signo=9
wait exited manager
close
END
} >"$work/outer.log"
equal "what the supervisor says to its own" "$(sed -nE 's/^notified manager pid=[0-9]+ //p' "$work/outer.log")" "uid=0 field=READY=1 field=STATUS=up and running"
equal "which is spoken for, by root" "$(sed -nE 's/^notified manager pid=([0-9]+) .*/\1/p' "$work/outer.log")" "$(cat "$work/inner")"
# Its queue holds a few datagrams only (net.unix.max_dgram_qlen), and it is not always quick.
{
  for number in $(seq 600); do echo "tell||state=STATUS=$number"; done
  echo 'tell||state=READY=1'
  printf 'spawn|x|arg=/bin/true\nwait exited x\nsh kill -CONT $OUTER\nspawn|y|arg=/bin/sleep|arg=1\nwait exited y\nclose\n'
} >"$work/many"
"$BUILD/spawner-driver" "$shim" >"$work/outer.log" <<END
spawn|manager|notify=$work/outer|arg=/bin/sleep|arg=99
wait spawned manager
sh kill -STOP \$SPAWNER; OUTER=\$SPAWNER NOTIFY_SOCKET=$work/outer $BUILD/spawner-driver $shim <$work/many >$work/inner
spawn|z|arg=/bin/true
wait exited z
close
END
equal "what it has no room for is told later: the latest status, and all else" "$(sed -nE 's/^notified manager .*field=//p' "$work/outer.log" | tail -2 | tr '\n' ' ')" "STATUS=600 READY=1 "
equal "without anybody to tell, nothing happens" "$(printf 'tell||state=READY=1\nspawn|x|arg=/bin/true\nwait exited x\nclose\n' | drive)" "spawned x pid=N
exited x code=0
spawner exit 0"
contains "when it is gone, that is told" "$(printf 'tell|t|state=READY=1\nwait error t\nclose\n' | NOTIFY_SOCKET=$work/nobody drive)" "error t text=cannot notify \"$work/nobody\": No such file or directory"
finish

#!/bin/sh
# Never ends on SIGTERM; says its pid.
trap 'echo ignored' TERM
echo "pid $$"
while :; do sleep 1000 & wait $!; done

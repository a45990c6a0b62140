#!/bin/sh
# Ends on SIGTERM, but leaves a TERM-ignoring grandchild behind in its session, which holds its output open.
(trap '' TERM; (sh -c 'trap "" TERM; echo "grandchild $$"; while :; do sleep 1000; done' &) )
trap 'exit 0' TERM
while :; do sleep 1000 & wait $!; done

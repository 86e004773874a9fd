#!/bin/sh
# A program of the worker processes that is killed when it is started for the first time, before it says a word. After
# that it is the program KILLED_ONCE_BECOMES. The file KILLED_ONCE_MARK remembers that it was.
if [ ! -e "$KILLED_ONCE_MARK" ]; then
    : >"$KILLED_ONCE_MARK"
    sleep 0.2 # so that the host is waiting for the answer
    kill -9 $$
fi
exec "$KILLED_ONCE_BECOMES" "$@"

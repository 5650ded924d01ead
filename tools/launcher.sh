#!/bin/sh
# Starts the bundled program with the bundled loader and libraries, wherever the bundle lies and by whatever link it is called.
self=$0
case $self in
  */*) ;;
  *) self=$(command -v "$self") ;;
esac
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
PINTAIL_HOME=$(cd "$(dirname "$self")/.." && pwd -P) || exit 1
export PINTAIL_HOME
exec "$PINTAIL_HOME/lib/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$PINTAIL_HOME/lib" --argv0 pintail \
  "$PINTAIL_HOME/libexec/pintail" "$@"

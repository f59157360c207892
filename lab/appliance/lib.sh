# Sourced by the steps that run in the machine.
failed=0
ok() { echo "ok   $*"; }
fail() { echo "FAIL $*"; failed=1; }

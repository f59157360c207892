#!/usr/bin/env bash
# smoke.sh: proves in the lab's machine that every word of fakecard works. With
# arguments: as go test has them (-test.run …).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
work=$(mktemp -d "${TMPDIR:-/tmp}/vaad-fakecard.XXXXXX")
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 go test -c -tags lab -o "$work/smoke" ./lab/fakecard/smoke
printf '%s\n' fxsks=1-4 fxoks=5-6 span=3,1,0,ccs,hdb3,crc4 span=4,2,0,ccs,hdb3,crc4 span=5,0,0,ccs,hdb3 bchan=7-21,23-37 \
  hardhdlc=22 echocanceller=mg2,1-4 loadzone=us defaultzone=us > "$work/system.conf"
status=0
lab/run -t 1800 -conf "$work/system.conf" -modules "dahdi auto_assign_spans=1; dahdi_echocan_mg2; fakecard cards=fxo4,fxs2,e1+e1,e1" \
  -- "$work/smoke" -- "./smoke -test.v -test.timeout 10m ${*@Q}" > "$work/log" || status=$?
cat "$work/log"
# a kernel that complains is a failure, whatever the tests say
! grep -q '^kernel:' "$work/log" || status=1
exit $status

# Runs in the guest: every configuration of lab/conf comes up with the channels
# that it names, and what is written on one side of a pair is read on the other.
# Usage: sh smoke.sh CONF-FOLDER
set -u
failed=0
fail() { echo "FAIL $*"; failed=1; }

expect() { # CONF SPANS CHANNELS
  timeout 60 dahdi_cfg -c "$folder/$1.conf" > /tmp/cfg 2>&1 || { fail "$1: dahdi_cfg: $(cat /tmp/cfg)"; return; }
  spans=$(ls /proc/dahdi | wc -l)
  channels=$(cat /proc/dahdi/* 2>/dev/null | grep -cE '^[[:space:]]+[0-9]+ DYN/loc.* (FXSKS|FXOKS|Clear|HDLCFCS|CAS)')
  [ "$spans $channels" = "$2 $3" ] && echo "ok   $1: $spans spans, $channels channels" || fail "$1: $spans spans with $channels channels, not $2 with $3"
}

again() { # a new DAHDI; busybox complains of what still has another user
  modprobe -r dahdi_dynamic_loc 2>/dev/null
  modprobe -r dahdi_echocan_mg2 2>/dev/null
  [ ! -d /sys/module/dahdi ] || fail "the modules cannot be removed"
  modprobe -a dahdi_dynamic_loc dahdi_echocan_mg2
}

folder=$1
modprobe -a dahdi_dynamic_loc dahdi_echocan_mg2
expect pri 4 124
again
expect cas 2 60
again
expect load 2 256
again
expect analog 2 16

# 2 s of sound from the exchange's port 9 to our port 1.
mknod /tmp/ours c 196 1
mknod /tmp/theirs c 196 9
i=0
while [ $i -lt 1000 ]; do printf '%015d\n' $i; i=$((i + 1)); done > /tmp/said
(
  exec 3<> /tmp/ours 4<> /tmp/theirs
  dd if=/tmp/said bs=1000 >&4 2>/dev/null &
  dd bs=1024 count=20 <&3 > /tmp/heard 2>/dev/null
)
lines=$(grep -ac '^0000000000[0-9]*$' /tmp/heard)
[ "$lines" -ge 995 ] && echo "ok   $lines lines of 1000 crossed from port 9 to port 1" || fail "$lines lines of 1000 crossed"
exit $failed

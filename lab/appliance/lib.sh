# Sourced by the steps that run in the machine: what they say, wait for and compare.
# Times are those of the machine's own clock.
failed=0
ok() { echo "ok   $*"; }
fail() { echo "FAIL $*"; failed=1; }
note() { echo "     $*"; }
# check WHAT COMMAND…: says whether the command succeeds, and if not what it printed.
check() {
  local what=$1 out
  shift
  if out=$("$@" 2>&1); then ok "$what"; else fail "$what: $* -> $?"; sed 's/^/       /' <<< "$out" | tail -n 12; fi
}
now() { local up && read -r up _ < /proc/uptime && echo $((10#${up/./} * 10)); } # ms since the boot
seconds() { printf '%d.%02d' $((($2 - $1) / 1000)) $((($2 - $1) % 1000 / 10)); } # FROM TO, of now
# within SECONDS COMMAND…: until it succeeds; false if it does not in that time. It
# asks seldom: the machine's processor is slow, and only idle time passes quickly.
within() {
  local until=$(($(now) + $1 * 1000))
  shift
  until "$@" > /dev/null 2>&1; do
    [ "$(now)" -lt $until ] || return 1
    sleep 0.5
  done
}
main_pid() { systemctl show -P MainPID vaad.service; }
active() { [ "$(systemctl show -P ActiveState vaad.service)" = active ]; }
active_since() { echo $(($(systemctl show -P ActiveEnterTimestampMonotonic vaad.service) / 1000)); } # as of now
another() { [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ] && active; } # PID: the service is active with another process
healthy() { local said && said=$(timeout 5 /lab/busybox wget -q -O - http://127.0.0.1:8470/healthz 2>&1) && grep -qx ok <<< "$said" || { echo "$said" && return 1; }; }
nobody() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }
boot() { # waits until systemd has started everything
  local state
  state=$(timeout 120 systemctl is-system-running --wait)
  case "$state" in
    running) ok "systemd: running $(seconds 0 "$(now)") s after the kernel" ;;
    *) fail "systemd: $state: $(systemctl --failed --no-legend --plain | cut -d' ' -f1 | paste -sd' ')" ;;
  esac
}
# board LINES [MORE]: a simulated board on which somebody talks all the time; each
# line is recorded in pieces of 5 s. MORE goes into its table.
board() {
  local n
  cp /lab/scene.json /etc/vaad/lab-scene.json
  printf '\n[[board]]\ndriver = "sim"\nid = "training"\nscene = "/etc/vaad/lab-scene.json"\ncount = %d\n%s\n' "$1" "${2:-}" >> /etc/vaad/vaad.toml
  systemctl restart vaad.service
  for n in $(seq "$1"); do vaactl settings change "lines.$n.trigger=continuous" "lines.$n.max_ms=5000" "lines.$n.name=Desk $n" > /dev/null || return 1; done
}
sealed() { local all && shopt -s globstar nullglob && all=(/var/lib/vaad/recordings/2*/**/*.wav) && echo ${#all[@]}; } # finished recordings
sealed_at_least() { [ "$(sealed)" -ge "$1" ]; }
fingerprints() { (cd /var/lib/vaad/recordings && find . -name '*.wav' -not -path './open/*' -print0 | sort -z | xargs -0 sha256sum); }
runs_version() { vaactl status 2>/dev/null | grep -q "^VERSION *$1\$"; }
# brought_by VERSION: systemd and udev go by the units and rules of this version, and by no others of ours.
brought_by() {
  local f name wrong='' said
  for f in /usr/lib/vaad/current/units/* /usr/lib/vaad/current/udev/*; do
    case "$f" in */udev/*) name=/usr/lib/udev/rules.d/${f##*/} ;; *) name=/usr/lib/systemd/system/${f##*/} ;; esac
    cmp -s "$f" "$name" && grep -qF "# of $1" "$name" || wrong+=" $name"
  done
  for name in /usr/lib/systemd/system/vaad* /usr/lib/udev/rules.d/*vaad*; do
    [ -e "/usr/lib/vaad/current/units/${name##*/}" ] || [ -e "/usr/lib/vaad/current/udev/${name##*/}" ] || [ "${name##*/}" = vaad-update.service ] || wrong+=" $name"
  done
  systemctl show -P NeedDaemonReload vaad.service vaad-usb.socket vaad-banner.path vaad-banner.service | grep -q yes && wrong+=" systemd has not read them"
  udevadm trigger --settle --name-match=/dev/null && udevadm info -q property /dev/null > /root/null
  said=$(grep -s '^VAAD_LAB' /root/null | paste -sd' ')
  [ "$said" = "VAAD_LAB=$1" ] || wrong+=" udev says '$said'"
  [ -z "$wrong" ] && ok "units and udev rules in force are those of $1" || fail "not those of $1:$wrong"
  said=$(dpkg --verify vaad | grep -v -e ' /usr/share/' -e ' c /') # the lab's Debian has no pages, and its vaad.toml a board
  [ -z "$said" ] && ok "dpkg --verify has nothing to say" || fail "dpkg --verify: $said"
}
# keep_in_mind: what an upgrade must not change; unchanged compares.
keep_in_mind() {
  mkdir -p /root/before
  vaactl set site.name "Cupboard 7" > /dev/null && vaactl settings export > /root/before/settings || return 1
  fingerprints > /root/before/recordings
  cp /etc/vaad/vaad.toml /root/before/vaad.toml
  sync
}
unchanged() {
  local n
  n=$(wc -l < /root/before/recordings)
  (cd /var/lib/vaad/recordings && sha256sum --quiet -c /root/before/recordings) > /root/damage 2>&1 && ok "all $n recordings of before are the same, byte for byte" || { fail "recordings are not as before:" && head -n 3 /root/damage; }
  vaactl settings export > /root/settings.now 2>&1
  diff <(sed '/^#/d' /root/before/settings) <(sed '/^#/d' /root/settings.now) > /root/difference && ok "all settings are the same ($(grep -vc '^#' /root/before/settings) lines)" || { fail "settings are not as before:" && head -n 5 /root/difference; }
  cmp -s /etc/vaad/vaad.toml /root/before/vaad.toml && ok "vaad.toml is the same" || fail "vaad.toml is not as before"
}
# records FROM: the service goes on recording, from so many finished recordings on.
records() { within 30 sealed_at_least $(($1 + 2)) && ok "it goes on recording" || fail "it does not record: $(vaactl boards 2>&1 | tail -n 1)"; }
# Emulated boards, by the number of their socket.
declare -A board
# A real board has a processor of its own.
plug() { # [OPTIONS] SOCKET FAMILY: as of /lab/plug; it reads words for its lines
  local n=${*: -2:1}
  [ -p "/run/words$n" ] || mkfifo "/run/words$n"
  chrt -f 20 /lab/plug "$@" <> "/run/words$n" > "/run/board$n" 2>&1 &
  board[$n]=$!
}
pull() { kill "${board[$1]}" && wait "${board[$1]}" 2> /dev/null; cat "/run/board$1"; } # SOCKET
listed() { vaactl firmware list > /run/list 2>&1; grep -qiE "$1" /run/list; }
# Asking the kernel first costs the machine less than asking the daemon.
at() { product='' && { read -r product < "/sys/bus/usb/devices/1-$(($1 + 1))/idProduct"; } 2> /dev/null; } # SOCKET
gone() { ! at "$1" && ! listed "1-$(($1 + 1)) +e4e4"; } # SOCKET
ready() { at "$1" && [ "$product" = "$2" ] && listed "1-$(($1 + 1)) +e4e4:$2 +ready"; } # SOCKET PRODUCT
alarms() { vaactl --json alarms list; }
alarmed() { alarms | grep -q "\"code\":\"firmware-$1\""; }
quiet() { ! alarmed '[a-z]*'; }
told() { journalctl -b -u 'vaad-usb-load@*' -o cat --since "$since" > /run/told; grep -E "$1" /run/told; }

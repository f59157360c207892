package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vaad/api/text"
	"vaad/driver/dahdi/sysconf/tree"
)

// office is a machine on which all is well: a TDM410P, an E1 and an Astribank.
func office(t testing.TB) (fstest.MapFS, View) {
	t.Helper()
	b, err := os.ReadFile("../driver/dahdi/sysconf/testdata/office.tree")
	if err != nil {
		t.Fatal(err)
	}
	root := tree.Parse(string(b))
	set(root, "proc/dahdi/1", "\tIRQ misses: 2\n", "")
	set(root, "proc/dahdi/1", "FXSKS RED", "FXSKS")
	set(root, "proc/dahdi/1", "(In use) ", "")
	set(root, "proc/dahdi/2", "\tTiming slips: 4\n", "")
	return root, View{
		Root: root, User: "vaad", Country: "cn", Recordings: "/var/lib/vaad/recordings",
		Owner:  func(string) (Owner, error) { return Owner{0, 20, 0o660}, nil },
		Disk:   func(string) (Usage, error) { return Usage{100 * gib, 50 * gib, 1000, 900}, nil },
		Clock:  func() (Clock, error) { return Clock{true, 3 * time.Millisecond}, nil },
		Daemon: &Daemon{Version: "1"},
	}
}

// set replaces text in a file, or with old "" the whole file.
func set(root fstest.MapFS, name, old, now string) {
	f := root[name]
	switch {
	case f == nil || old == "":
		root[name] = &fstest.MapFile{Data: []byte(now), Mode: 0o444}
	case !strings.Contains(string(f.Data), old):
		panic(fmt.Sprintf("%s has no %q", name, old))
	default:
		f.Data = []byte(strings.Replace(string(f.Data), old, now, 1))
	}
}

func drop(root fstest.MapFS, prefixes ...string) {
	for name := range root {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			delete(root, name)
		}
	}
}

// show is a finding with its values, in fixed order.
func show(f Finding) string {
	s := f.Code
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range f.Args {
			if !yield(k) {
				return
			}
		}
	}) {
		s += " " + k + "=" + f.Args[k]
	}
	return s
}

func bad(all []Finding) []string {
	var out []string
	for _, f := range all {
		if f.Severity != OK {
			out = append(out, show(f))
		}
	}
	return out
}

func TestAGoodMachineHasNothingToComplainOf(t *testing.T) {
	_, v := office(t)
	all := Check(v)
	if b := bad(all); len(b) > 0 || Worst(all) != OK {
		t.Errorf("%q", b)
	}
	var good []string
	for _, f := range all {
		good = append(good, f.Code)
	}
	for _, want := range []string{"kernel", "dahdi-loaded", "secure-boot", "pci-card", "usb-device", "conf-good", "timing-master", "span-good", "device-rights", "disk", "clock", "daemon"} {
		if !slices.Contains(good, want) {
			t.Errorf("%s is not told", want)
		}
	}
}

const uefi = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

// Each case breaks one thing; the findings are what is told of it, no more.
func TestEachFaultIsFoundByItself(t *testing.T) {
	const conf, usb, pci, ko = "etc/dahdi/system.conf", "sys/bus/usb/devices/", "sys/bus/pci/devices/", "lib/modules/6.1.0-56-amd64/updates/dkms/dahdi.ko"
	type machine = fstest.MapFS
	seen := map[string]bool{}
	for _, c := range []struct {
		name string
		do   func(m machine, v *View)
		want []string // beginnings of findings that are not good
	}{
		{"no kernel", func(m machine, _ *View) { delete(m, "proc/sys/kernel/osrelease") }, []string{"not-looked reason=/proc/sys/kernel/osrelease: file does not exist what=kernel"}},
		{"nothing at all", func(m machine, v *View) { drop(m, "proc/dahdi", "sys/", "etc/dahdi", "lib/") }, []string{"no-cards", "dahdi-absent"}},
		{"not loaded", func(m machine, _ *View) { drop(m, "proc/dahdi", "sys/module", "sys/bus/dahdi") }, []string{"dahdi-not-loaded kernel=6.1.0-56-amd64"}},
		{"not built", func(m machine, _ *View) {
			drop(m, "proc/dahdi", "sys/module", "sys/bus/dahdi")
			set(m, "proc/sys/kernel/osrelease", "", "6.1.0-99-amd64\n")
			set(m, "var/lib/dkms/dahdi/2.11.1/build/make.log", "", "error")
		}, []string{"dahdi-not-built kernel=6.1.0-99-amd64 others=6.1.0-56-amd64", "dkms-failed kernel=6.1.0-99-amd64 log=/var/lib/dkms/dahdi/2.11.1/build/make.log version=2.11.1"}},
		{"other kernel", func(m machine, _ *View) { set(m, ko, "vermagic=6.1.0-56", "vermagic=6.1.0-9") }, []string{"dahdi-other-kernel built=6.1.0-9-amd64 file=/" + ko}},
		{"not reloaded", func(m machine, _ *View) { set(m, ko, "srcversion=8E", "srcversion=9F") }, []string{"dahdi-not-reloaded installed=2.11.1 (9F5C2D3B9A7F61042C3D4E5) loaded=2.11.1 (8E5"}},
		{"two versions", func(m machine, _ *View) {
			set(m, "var/lib/dkms/dahdi/2.10/source", "", "")
			set(m, "var/lib/dkms/dahdi/2.11.1/source", "", "")
			set(m, "var/lib/dkms/dahdi/kernel-6.1.0-56-amd64-x86_64/x", "", "")
		}, []string{"dkms-leftover versions=2.10, 2.11.1"}},
		{"secure boot", func(m machine, _ *View) { set(m, uefi, "", "\x06\x00\x00\x00\x01") }, []string{"secure-boot-signed"}},
		{"secure boot, unsigned", func(m machine, _ *View) {
			set(m, uefi, "", "\x06\x00\x00\x00\x01")
			drop(m, "proc/dahdi", "sys/module", "sys/bus/dahdi")
		}, []string{"dahdi-not-loaded", "secure-boot-unsigned modules=dahdi"}},
		{"secure boot, signed", func(m machine, _ *View) {
			set(m, uefi, "", "\x06\x00\x00\x00\x01")
			m[ko].Data = append(m[ko].Data, signed...)
			drop(m, "proc/dahdi", "sys/module", "sys/bus/dahdi")
		}, []string{"dahdi-not-loaded", "secure-boot-signed"}},
		{"dummy", func(m machine, _ *View) { set(m, "sys/module/dahdi_dummy/version", "", "") }, []string{"dahdi-dummy"}},
		{"unbound", func(m machine, _ *View) { set(m, pci+"0000:04:00.0/uevent", "DRIVER=wctdm24xxp\n", "") }, []string{"pci-unbound card=TDM410P module=wctdm24xxp slot=0000:04:00.0"}},
		{"netjet", func(m machine, _ *View) {
			set(m, pci+"0000:06:00.0/vendor", "", "0xe159\n")
			set(m, pci+"0000:06:00.0/device", "", "0x0001\n")
			set(m, pci+"0000:06:00.0/subsystem_vendor", "", "0xb119\n")
			set(m, pci+"0000:06:00.0/uevent", "", "DRIVER=netjet\n")
		}, []string{"pci-wrong-driver card=TDM400P (I) driver=netjet module=wctdm slot=0000:06:00.0"}},
		{"clone", func(m machine, _ *View) { set(m, pci+"0000:06:00.0/vendor", "", "0xe159\n") }, []string{"pci-unknown id=e159:0000, 0000:0000"}},
		{"sangoma", func(m machine, _ *View) { set(m, pci+"0000:06:00.0/vendor", "", "0x1923\n") }, []string{"card-not-supported card=Sangoma module=wanpipe"}},
		{"no firmware", func(m machine, _ *View) { set(m, usb+"1-1/idProduct", "", "1160\n") }, []string{"astribank-no-firmware card=Astribank modular id=e4e4:1160 slot=1-1"}},
		{"astribank without driver", func(m machine, _ *View) { set(m, usb+"1-1:1.0/uevent", "DRIVER=xpp_usb\n", "") }, []string{"usb-unbound card=Astribank modular module=xpp_usb slot=1-1"}},
		{"modem", func(m machine, _ *View) {
			for n, v := range map[string]string{"2-1/idVendor": "0572", "2-1/product": "USB Modem", "2-1:1.0/bInterfaceClass": "02", "2-1:1.0/bInterfaceSubClass": "02", "2-1:1.0/bInterfaceProtocol": "01"} {
				set(m, usb+n, "", v+"\n")
			}
		}, []string{"usb-modem-unbound card=USB Modem slot=2-1"}},
		{"not assigned", func(m machine, _ *View) {
			set(m, "sys/bus/dahdi_devices/devices/pci:0000:05:08.0/span_count", "", "2\n")
		}, []string{"device-not-assigned device=pci:0000:05:08.0 model=Wildcard TE420 (4th Gen)"}},
		{"auto assign", func(m machine, _ *View) { set(m, "sys/module/dahdi/parameters/auto_assign_spans", "", "0\n") }, []string{"auto-assign-off"}},
		{"numbers on purpose", func(m machine, _ *View) {
			set(m, "sys/module/dahdi/parameters/auto_assign_spans", "", "0\n")
			set(m, "etc/dahdi/assigned-spans.conf", "", "")
		}, nil},
		{"conf missing", func(m machine, _ *View) { delete(m, conf) }, []string{"conf-missing file=/etc/dahdi/system.conf"}},
		{"conf syntax", func(m machine, _ *View) { set(m, conf, "fxoks=3", "fxoks=3 4") }, []string{`conf-syntax file=/etc/dahdi/system.conf line=2 reason="3 4" is no channel; channels are numbers from 1 to 1023 text=fxoks=3 4`}},
		{"too many channels", func(m machine, _ *View) { set(m, conf, "fxsks=36-37", "fxsks=36-40") }, []string{"conf-no-channel channels=38-40 last=37 line=9"}},
		{"no such span", func(m machine, _ *View) { set(m, conf, "span=2", "span=7,1,0,ccs,hdb3\nspan=2") }, []string{"conf-no-span line=5 span=7"}},
		{"span left out", func(m machine, _ *View) { set(m, conf, "span=2,1,0,ccs,hdb3,crc4\n", "") }, []string{"conf-span-missing kind=E1 name=TE4/0/1 span=2"}},
		{"wrong port", func(m machine, _ *View) { set(m, conf, "fxsks=1-2", "fxoks=1-2") }, []string{"conf-wrong-port better=fxsks=1-2 channels=1-2 keyword=fxoks line=1 port=FXO"}},
		{"wrong port of a telephone", func(m machine, _ *View) { set(m, conf, "fxoks=3", "fxsls=3") }, []string{"conf-wrong-port better=fxoks=3 channels=3 keyword=fxsls line=2 port=FXS"}},
		{"empty slot", func(m machine, _ *View) { set(m, conf, "fxoks=3", "fxoks=3-4") }, []string{"conf-empty-slot channels=4 line=2"}},
		{"t1 framing", func(m machine, _ *View) { set(m, conf, "ccs,hdb3,crc4", "esf,b8zs") }, []string{"conf-wrong-line better=ccs,hdb3 kind=E1 line=5 span=2 text=esf,b8zs"}},
		{"analog span line", func(m machine, _ *View) { set(m, conf, "span=2", "span=1,0,0,ccs,hdb3\nspan=2") }, []string{"conf-wrong-line better=- kind=analog line=5 span=1"}},
		{"clear", func(m machine, _ *View) { set(m, conf, "bchan=5-19,21-35", "clear=5-19,21-35") }, []string{"conf-bundle better=bchan=5-19,21-35 line=6 text=clear=5-19,21-35"}},
		{"hardhdlc", func(m machine, _ *View) { set(m, conf, "dchan=20", "hardhdlc=20") }, []string{"conf-hardhdlc better=dchan channel=20 keyword=hardhdlc line=7"}},
		{"echo", func(m machine, _ *View) {
			set(m, "lib/modules/6.1.0-56-amd64/modules.dep", "updates/dkms/dahdi_echocan_mg2.ko:\n", "")
		}, []string{"conf-echo-missing line=3 module=dahdi_echocan_mg2 name=mg2"}},
		{"hardware echo", func(m machine, _ *View) { set(m, conf, "mg2,3", "hwec,3") }, nil},
		{"software spans only", func(m machine, v *View) {
			drop(m, "proc/dahdi", "sys/bus/")
			set(m, "proc/dahdi/1", "", "Span 1: DYN/loc/1:0 \"Dynamic 'loc' span at '1:0'\" \n\n\t   1 DYN/loc/1:0/1 FXSKS \n")
			set(m, conf, "", "dynamic=loc,1:0,1,0\nfxsks=1\ndefaultzone=cn\n")
		}, []string{"timing-software"}},
		{"d channel", func(m machine, _ *View) { set(m, conf, "bchan=5-19,21-35\ndchan=20", "bchan=5-20,22-35\ndchan=21") },
			[]string{"conf-dchannel channel=20 keyword=bchan line=6 right=20 span=2", "conf-dchannel channel=21 keyword=dchan line=7 right=20 span=2"}},
		{"left out", func(m machine, _ *View) { set(m, conf, "fxsks=1-2", "fxsks=1") }, []string{"conf-unassigned channels=2 span=1"}},
		{"not applied", func(m machine, _ *View) { set(m, "proc/dahdi/3", "1 FXSKS", "1 ") }, []string{"conf-not-applied channels=37 span=3"}},
		{"ami", func(m machine, _ *View) { set(m, conf, "hdb3", "ami") }, []string{"conf-e1-coding better=ccs,hdb3 kind=E1 line=5 span=2 text=ccs,ami"}},
		{"zone", func(m machine, _ *View) { set(m, conf, "defaultzone=cn", "defaultzone=us") }, []string{"conf-zone country=cn zone=us"}},
		{"alaw", func(m machine, _ *View) {
			set(m, conf, "fxoks=3", "fxoks=3\nalaw=1-3")
			set(m, "sys/module/wctdm24xxp/parameters/companding", "", "auto\n")
		}, []string{"conf-analog-law line=3 text=alaw=1-3", "module-parameter module=wctdm24xxp parameter=companding value=auto want=alaw"}},
		{"no master", func(m machine, _ *View) { set(m, "proc/dahdi/2", " (MASTER)", "") }, []string{"timing-none"}},
		{"timing 0", func(m machine, _ *View) { set(m, conf, "span=2,1", "span=2,0") }, []string{"timing-zero spans=2"}},
		{"tap", func(m machine, v *View) {
			set(m, conf, "span=2,1", "span=2,0")
			v.Taps = []int{2}
		}, []string{"tap-timing line=5 span=2"}},
		{"tap of the daemon", func(m machine, v *View) {
			set(m, conf, "span=2,1", "span=2,0")
			v.Daemon = &Daemon{Taps: []TapSpan{{Location: "PCI Bus 05 Slot 09", Span: 1}}}
		}, []string{"tap-timing line=5 span=2"}},
		{"red", func(m machine, _ *View) { set(m, "proc/dahdi/2", " ClockSource ", " YELLOW RED ") }, []string{"span-alarm alarms=YELLOW RED channels=5–35 kind=E1 name=TE4/0/1 span=2"}},
		{"not started", func(m machine, _ *View) { set(m, "proc/dahdi/2", " CCS/HDB3/CRC4 ClockSource ", " NOTOPEN ") }, []string{"span-not-started"}},
		{"no battery", func(m machine, _ *View) { set(m, "proc/dahdi/1", "WCTDM/0/1 FXSKS", "WCTDM/0/1 FXSKS RED") }, []string{"channel-alarm channels=2 span=1"}},
		{"interrupts", func(m machine, _ *View) { set(m, "proc/dahdi/1", "\n\n", "\n\tIRQ misses: 9\n\n") }, []string{"irq-misses count=9 device=pci:0000:04:00.0 name=WCTDM/0 span=1"}},
		{"slips", func(m machine, _ *View) { set(m, "proc/dahdi/2", "\n\n", "\n\tTiming slips: 3\n\n") }, []string{"timing-slips count=3"}},
		{"errors", func(m machine, _ *View) { set(m, "proc/dahdi/2", "\n\n", "\n\tBPV count: 3\n\tFAS error count: 1\n\n") }, []string{"span-errors counts=BPV 3, CRC4 0, E-bit 0, FAS 1"}},
		{"asterisk", func(m machine, _ *View) {
			set(m, "proc/dahdi/1", "FXSKS", "FXSKS (In use)")
			set(m, "proc/77/comm", "", "asterisk\n")
			m["proc/77/fd/3"] = &fstest.MapFile{Data: []byte("/dev/dahdi/channel"), Mode: fs.ModeSymlink | 0o777}
		}, []string{"channels-in-use channels=1 programs=asterisk"}},
		{"our own", func(m machine, _ *View) {
			set(m, "proc/dahdi/1", "FXSKS", "FXSKS (In use)")
			set(m, "proc/77/comm", "", "vaad\n")
			m["proc/77/fd/3"] = &fstest.MapFile{Data: []byte("/dev/dahdi/channel"), Mode: fs.ModeSymlink | 0o777}
		}, nil},
		{"opermode", func(m machine, _ *View) { set(m, "sys/module/wctdm24xxp/parameters/opermode", "", "FCC\n") }, []string{"module-parameter module=wctdm24xxp parameter=opermode value=FCC want=CHINA"}},
		{"another country", func(m machine, v *View) {
			v.Country = "de"
			set(m, conf, "defaultzone=cn", "defaultzone=de")
		}, nil},
		{"astribank's opermode", func(m machine, _ *View) { set(m, "etc/dahdi/xpp.conf", "", "#opermode CHINA\n") }, []string{"astribank-opermode value=FCC want=CHINA"}},
		{"caller id", func(m machine, _ *View) { set(m, "sys/module/xpd_fxo/parameters/caller_id_style", "", "0\n") }, []string{"caller-id-style value=0 want=3"}},
		{"t1", func(m machine, _ *View) {
			set(m, "sys/bus/dahdi_spans/devices/span-2/spantype", "", "T1\n")
			set(m, conf, "span=2,1,0,ccs,hdb3,crc4", "span=2,1,0,esf,b8zs")
			set(m, conf, "bchan=5-19,21-35\ndchan=20", "bchan=5-27,29-35\ndchan=28")
		}, []string{"t1-where-e1 country=cn name=TE4/0/1 span=2"}},
		{"no device", func(m machine, _ *View) { delete(m, "dev/dahdi/ctl") }, []string{"device-missing file=/dev/dahdi/ctl"}},
		{"forbidden", func(m machine, _ *View) { set(m, "etc/group", "vaad\nvaad", "\nvaad") }, []string{"device-forbidden files=/dev/dahdi/ctl, /dev/dahdi/channel, /dev/dahdi/pseudo, /dev/dahdi/timer group=dialout mode=0660 user=vaad"}},
		{"no Astribank, but its module", func(m machine, _ *View) {
			drop(m, "proc/dahdi/3", "sys/bus/usb", "sys/bus/dahdi_spans/devices/span-3", "sys/bus/dahdi_devices/devices/astri")
			set(m, conf, "\nfxsks=36-37\n", "")
			set(m, "sys/module/xpd_fxo/parameters/caller_id_style", "", "0\n")
		}, nil},
		{"by the unit", func(m machine, _ *View) {
			set(m, "etc/group", "vaad\nvaad", "\nvaad")
			set(m, "lib/systemd/system/vaad.service", "", "[Service]\nSupplementaryGroups=vaad-review dialout\n")
		}, nil},
		{"no user", func(m machine, _ *View) { set(m, "etc/passwd", "vaad:", "vood:") }, []string{"no-user user=vaad"}},
		{"disk low", func(_ machine, v *View) {
			v.Disk = func(string) (Usage, error) { return Usage{100 * gib, 9 * gib, 0, 0}, nil }
		}, []string{"disk-low folder=/var/lib/vaad/recordings free=9.0 GiB of=100.0 GiB"}},
		{"disk full", func(_ machine, v *View) {
			v.Disk = func(string) (Usage, error) { return Usage{100 * gib, gib / 2, 1000, 9}, nil }
		}, []string{"disk-full", "inodes-low folder=/var/lib/vaad/recordings free=9 of=1000"}},
		{"clock", func(_ machine, v *View) { v.Clock = func() (Clock, error) { return Clock{}, nil } }, []string{"clock-not-synchronised"}},
		{"nothing to ask", func(_ machine, v *View) {
			v.Clock, v.Disk = nil, func(string) (Usage, error) { return Usage{}, errors.New("no") }
			v.Owner = func(string) (Owner, error) { return Owner{}, fs.ErrPermission }
		}, []string{"not-looked", "not-looked", "not-looked", "not-looked", "not-looked", "not-looked"}},
		{"no daemon", func(_ machine, v *View) {
			v.Daemon = &Daemon{Where: "/run/vaad/vaad.sock", Unreachable: "no such file"}
		}, []string{"daemon-unreachable reason=no such file where=/run/vaad/vaad.sock"}},
		{"daemon", func(_ machine, v *View) {
			v.Daemon = &Daemon{Boards: []BoardState{{"pci", "x", "p"}}, Lines: []LineState{{"3", "y", "q"}}, Alarms: []AlarmState{{"a", "b", true}, {"c", "d", false}}}
		}, []string{"daemon-board board=pci reason=x remedy=p", "daemon-alarm-critical remedy=b text=a", "daemon-line line=3 reason=y remedy=q", "daemon-alarm remedy=d text=c"}},
		{"settings of what is not there", func(_ machine, v *View) {
			v.Daemon = &Daemon{Strays: Strays([]byte(`{"lines": {"3": {"board": "gone"}, "12": {"board": "gone"}, "5": {"board": "pci"}, "6": {"board": ""}},
				"spans": {"gone/1": {}, "pci/1": {}, "pci/10": {}, "pci/9": {}, "analog/1": {}, "opening/4": {}}}`),
				[]Board{{"pci", true, []int{1, 2}}, {"analog", true, nil}, {"opening", false, nil}})}
		}, []string{"setting-no-spans board=analog setting=spans.analog/1", "setting-no-span board=pci setting=spans.pci/9 spans=1 2", "setting-no-span board=pci setting=spans.pci/10 spans=1 2",
			"setting-no-board board=gone first=lines.3 settings=lines.3, lines.12, spans.gone/1"}},
	} {
		m, v := office(t)
		c.do(m, &v)
		all := Check(v)
		got := bad(all)
		for _, f := range all {
			seen[f.Code] = true
			for _, lang := range text.Languages() {
				for _, k := range []string{"", ".means", ".remedy"} {
					if words := text.Text(lang, "doctor."+f.Code+k, f.Args); strings.ContainsAny(words, "{}") {
						t.Errorf("%s: a value is missing: %s", c.name, words)
					}
				}
			}
		}
		if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	seen["usb-modem"] = seen["usb-modem"] || modemIsFound(t)
	for _, k := range Table() {
		if !seen[k.Code] {
			t.Errorf("no case finds %s", k.Code)
		}
	}
}

func modemIsFound(t *testing.T) bool {
	m, v := office(t)
	for n, s := range map[string]string{"2-1/idVendor": "0572", "2-1/idProduct": "1329", "2-1:1.0/bInterfaceClass": "02", "2-1:1.0/bInterfaceSubClass": "02",
		"2-1:1.0/bInterfaceProtocol": "01", "2-1:1.0/uevent": "DRIVER=cdc_acm", "2-1:1.0/tty/ttyACM0/dev": "166:0"} {
		set(m, "sys/bus/usb/devices/"+n, "", s+"\n")
	}
	return slices.ContainsFunc(Check(v), func(f Finding) bool { return show(f) == "usb-modem card=0572:1329 slot=2-1 tty=ttyACM0" })
}

func TestEveryFindingHasWordsInBothLanguages(t *testing.T) {
	codes := map[string]bool{}
	for _, k := range Table() {
		if codes[k.Code] {
			t.Errorf("%s stands twice in the table", k.Code)
		}
		codes[k.Code] = true
		for _, suffix := range []string{"", ".means", ".remedy"} {
			_, ok := text.Lookup(text.English, "doctor."+k.Code+suffix)
			if want := suffix == "" || k.Severity != OK; ok != want {
				t.Errorf("doctor.%s%s: has words %v, want %v", k.Code, suffix, ok, want)
			}
		}
	}
	for _, k := range text.Keys(text.English) {
		if code, ok := strings.CutPrefix(k, "doctor."); ok && !codes[strings.TrimSuffix(strings.TrimSuffix(code, ".remedy"), ".means")] {
			t.Errorf("%s is no finding", k)
		}
	}
}

func TestTheWorstComesFirst(t *testing.T) {
	m, v := office(t)
	set(m, "etc/dahdi/system.conf", "fxoks=3", "fxsks=3\nnonsense")
	set(m, "etc/dahdi/system.conf", "defaultzone=cn", "")
	set(m, "proc/dahdi/2", "\n\n", "\n\tTiming slips: 3\n\n")
	all := Check(v)
	for i := 1; i < len(all); i++ {
		if all[i].Severity.Worse(all[i-1].Severity) {
			t.Errorf("%s stands below %s", all[i].Code, all[i-1].Code)
		}
	}
	if all[0].Severity != Fault || Worst(all) != Fault {
		t.Error(all[0])
	}
}

// The machine that runs the tests has no cards; looking at it must work anyhow.
func TestTheMachineAtHandCanBeLookedAt(t *testing.T) {
	v := Local("/")
	v.User, v.Country, v.Recordings = "vaad", "cn", "/var/lib/vaad/no/such/folder"
	all := Check(v)
	codes := map[string]bool{}
	for _, f := range all {
		codes[f.Code] = true
	}
	if !codes["kernel"] || !codes["clock"] && !codes["clock-not-synchronised"] && !codes["not-looked"] {
		t.Errorf("%+v", all)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("etc/dahdi/system.conf", []byte("span=1,1,0,ccs,hdb3\nclear=1-31\n"))
	f.Add("proc/dahdi/2", []byte("Span 2: X \"\" RED\n\t 5 X Clear\n"))
	f.Add("etc/group", []byte("a:b:c\n:::vaad\n"))
	f.Add("lib/modules/6.1.0-56-amd64/updates/dkms/dahdi.ko", []byte("\x00vermagic="))
	f.Add("sys/bus/usb/devices/1-1/idProduct", []byte("11"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !fs.ValidPath(name) || name == "." {
			return
		}
		m, v := office(t)
		m[name] = &fstest.MapFile{Data: data, Mode: 0o444}
		for _, found := range Check(v) {
			if found.Code == "" || found.Severity == "" {
				t.Fatalf("%+v", found)
			}
		}
	})
}

// Machines of the project's lab, on which the real DAHDI was at work.
func TestRealKernelsGetNoFalseAlarm(t *testing.T) {
	for file, want := range map[string][]string{
		"loc":      {"no-cards", "conf-zone", "timing-software"},
		"fakecard": {},
	} {
		b, err := os.ReadFile("../driver/dahdi/sysconf/testdata/" + file + ".tree")
		if err != nil {
			t.Fatal(err)
		}
		_, v := office(t)
		v.Root, v.User, v.Taps = tree.Parse(string(b)), "root", []int{3, 4}
		v.Root.(fstest.MapFS)["etc/passwd"] = &fstest.MapFile{Data: []byte("root:x:0:0:root:/root:/bin/sh\n")}
		for _, f := range Check(v) {
			if f.Severity != OK && !slices.Contains(want, f.Code) {
				t.Errorf("%s: %s", file, show(f))
			}
		}
	}
}

// closed is a file system some of whose files only root may read.
type closed struct {
	fstest.MapFS
	names []string
}

func (c closed) Open(name string) (fs.File, error) {
	if slices.Contains(c.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return c.MapFS.Open(name)
}

func (c closed) ReadFile(name string) ([]byte, error) {
	if _, err := c.Open(name); err != nil {
		return nil, err
	}
	return c.MapFS.ReadFile(name)
}

func TestWhatOnlyRootMayReadIsSaid(t *testing.T) {
	m, v := office(t)
	v.Root = closed{m, []string{"sys/module/wctdm24xxp/parameters/opermode", "etc/dahdi/system.conf"}}
	want := []string{"not-looked reason=/etc/dahdi/system.conf: permission denied what=/etc/dahdi/system.conf",
		"not-looked reason=/sys/module/wctdm24xxp/parameters/opermode: permission denied what=wctdm24xxp opermode"}
	if got := bad(Check(v)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

package emulated

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the kernel says, as it was seen on the wire, and what a board answers.
func TestPacketsAreLaidOutAsTheKernelHasThem(t *testing.T) {
	for _, c := range []struct{ what, frame, want string }{
		{"who are you", "0600 07 00 1e00", "1000 08 00 1e000000 00 20 08 01 00 0000 00"},
		{"do not tick", "0600 19 00 00 00", "0600 1a 00 00 00"},
		{"be the clock of all", "0600 19 00 01 00", "0600 1a 00 01 00"},
		{"follow the host, with a drift", "0600 19 00 03 fb", "0600 1a 00 03 fb"},
		{"what is your mode", "0600 19 00 80 00", "0600 1a 00 00 00"},
		{"a mode that there is not", "0600 19 00 07 00", ""},
		{"reset", "0500 23 00 04", ""},
		{"read the volts of port 3", "0a00 0f 00 35 40 1d 00 00 00", "0a00 10 00 35 40 1d 00 30 00"},
		{"read the current of port 0", "0a00 0f 00 05 40 1c 00 00 00", "0a00 10 00 05 40 1c 00 00 00"},
		{"write a register and read it", "0a00 0f 00 15 00 1e 00 0f 00" + "0a00 0f 00 15 40 1e 00 00 00", "0a00 10 00 15 40 1e 00 0f 00"},
		{"write it in all ports, read the last", "0a00 0f 00 05 80 1e 00 03 00" + "0a00 0f 00 75 40 1e 00 00 00", "0a00 10 00 75 40 1e 00 03 00"},
		{"of another module", "0a00 0f 10 05 40 1d 00 00 00", ""},
		{"a register of RAM", "0c00 0f 00 07 40 00 00 00 00 00 00", ""},
		{"audio of lines 1 and 3", "1808 11 80 05000000 7f7f7f7f7f7f7f7f 7f7f7f7f7f7f7f7f", ""},
		{"longer than it is", "ff03 07 00 1e00", ""},
		{"shorter than a head", "0300 07 00 1e00", ""},
		{"half a head", "0600", ""},
	} {
		var b lines
		var got []byte
		for _, answer := range b.take(unhex(t, c.frame)) {
			got = append(got, answer...)
		}
		if want := unhex(t, c.want); !bytes.Equal(got, want) {
			t.Errorf("%s: answered\n%x, want\n%x", c.what, got, want)
		}
	}
}

func TestAPacketThatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []xpp
		var frame []byte
		for range rapid.IntRange(0, 5).Draw(t, "packets") {
			x := xpp{rapid.Byte().Draw(t, "op"), rapid.ByteRange(0, 7).Draw(t, "unit"), rapid.ByteRange(0, 7).Draw(t, "subunit"),
				rapid.Bool().Draw(t, "pcm"), rapid.Bool().Draw(t, "sync"), rapid.SliceOfN(rapid.Byte(), 0, 1019).Draw(t, "data")}
			want, frame = append(want, x), x.append(frame)
		}
		got := slices.Collect(packets(frame))
		if !slices.EqualFunc(got, want, func(a, b xpp) bool {
			return a.op == b.op && a.unit == b.unit && a.subunit == b.subunit && a.pcm == b.pcm && a.sync == b.sync && bytes.Equal(a.data, b.data)
		}) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// Whatever a host sends, a board goes on, and each of its frames is one that a host
// may take: packets, at most a bulk packet long.
func TestAHostileHostDoesNotStopABoard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b lines
		check := func(frames [][]byte) {
			for _, f := range frames {
				n := 0
				for x := range packets(f) {
					n += xppHead + len(x.data)
				}
				if n != len(f) || n > highSpeed {
					t.Fatalf("sends %x", f)
				}
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "frames") {
			frame := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "frame")
			if rapid.Bool().Draw(t, "meant for it") {
				frame = xpp{op: rapid.SampledFrom([]byte{opDescribe, opRegister, opPCMWrite, opSyncSource, opXBusReset}).Draw(t, "op"), data: frame}.append(nil)
			}
			answers := b.take(frame)
			if len(answers) > Lines*(len(frame)/xppHead+1) {
				t.Fatalf("%d answers to %x", len(answers), frame)
			}
			check(answers)
			check(b.tick())
		}
		b.off()
		check(b.tick())
	})
}

// started returns a board as Debian's init_card_2_30 and the kernel leave it: PCM of
// µ-law on all ports, all on-hook and listening.
func started() *lines {
	b := &lines{}
	for _, r := range []register{{all: true, number: regPCM, data: 0x28}, {all: true, number: regHook, data: hookMonitor}} {
		b.take(xpp{op: opRegister, data: r.bytes()}.append(nil))
	}
	return b
}

func TestATickCarriesEachLine(t *testing.T) {
	b := started()
	if err := b.ports[2].line.obey([]string{"call", "hz=1000"}); err != nil {
		t.Fatal(err)
	}
	frames := b.tick()
	if want := unhex(t, "0c00 06 00 04000000 04000000"); len(frames) != 2 || !bytes.Equal(frames[0], want) {
		t.Fatalf("ringing of line 3: %x, want %x first", frames, want)
	}
	b.take(unhex(t, "0a00 0f 00 25 00 05 00 09 00")) // off-hook
	frames = b.tick()
	if want := unhex(t, "0a00 10 00 25 00 1c 00 17 00"); len(frames) != 3 || !bytes.Equal(frames[0], want) {
		t.Fatalf("the current of line 3: %x, want %x first", frames, want)
	}
	audio := frames[2]
	if len(audio) != 4+4+8*Lines || !bytes.Equal(audio[:8], unhex(t, "4808 12 80 ff000000")) {
		t.Fatalf("audio: %x", audio)
	}
	silence := bytes.Repeat([]byte{0xff}, 8)
	for n := range Lines {
		if is := bytes.Equal(audio[8+8*n:][:8], silence); is == (n == 2) {
			t.Errorf("line %d: silence is %v", n+1, is)
		}
	}
}

func TestWithoutPowerAllHangUp(t *testing.T) {
	b := started()
	l := &b.ports[0].line
	if err := l.obey([]string{"call"}); err != nil {
		t.Fatal(err)
	}
	b.take(unhex(t, "0a00 0f 00 05 00 05 00 09 00"))
	if l.is != talk {
		t.Fatal(l.is)
	}
	b.off()
	if l.is != idle || b.mode != syncNone {
		t.Error(l.is, b.mode)
	}
}

package pri

import "testing"

// FuzzStack gives a stack whatever messages the far end may send, between wishes
// and pauses: nothing grows without bound, and in the end all can be cleared.
func FuzzStack(f *testing.F) {
	add := func(switchKind byte, messages ...string) {
		b := []byte{switchKind}
		for _, m := range messages {
			x := bytesOf(f, m)
			b = append(append(b, byte(len(x))), x...)
		}
		f.Add(b)
	}
	add(0, setup, "08 02 00 01 7B 70 02 80 31", "08 02 00 01 45"+normal, "08 02 00 01 5A"+normal)
	add(1, setup+"A1 1C 18 91 A1 0D 02 01 01 02 01 00 80 05 4C 69 20 33 30", "F0", "F1", "08 02 00 01 0F", "08 02 00 01 24", "08 02 00 01 31")
	add(2, "F2", "08 02 80 01 07 18 03 A9 83 82", "08 02 80 01 7D 08 02 80 9E 14 01 0A")
	add(3, "F2", "08 02 80 01 5A 08 02 80 AC", "F3", "08 02 80 00 4E 79 01 87", "08 02 00 00 46 79 01 87", "03 02 00 09 0F 01 01 C0")
	add(4, "F2", "F4", "FF 20")
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		kinds := Switches()
		s := NewStack(StackConfig{Side: Side(b[0] >> 7), Switch: kinds[int(b[0]&0x0F)%len(kinds)], Overlap: b[0]&0x10 != 0, T1: b[0]&0x20 != 0, Logical: b[0]&0x40 != 0})
		far := NewDataLink(LinkConfig{Side: s.cfg.Side.Other()})
		var o StackOut
		var lo LinkOut
		now := int64(0)
		far.Start(&lo, now)
		for _, frame := range lo.Frames {
			s.Frame(&o, frame, now)
		}
		s.Start(&o, now)
		s.up = true // what the link does is not what is looked at here
		for b = b[1:]; len(b) > 0; {
			n := min(int(b[0]), len(b)-1)
			m := b[1 : 1+n]
			b = b[1+n:]
			o = StackOut{}
			if n > 0 && m[0] >= 0xF0 {
				now = wild(s, &o, m, now)
			} else {
				s.at(&o, now)
				s.receive(m)
			}
			if len(s.legs) > s.maxLegs || len(s.restart.queue) > len(s.slots) || len(o.Events) > 4*s.maxLegs {
				t.Fatalf("%d calls, %d restarts, %d events", len(s.legs), len(s.restart.queue), len(o.Events))
			}
		}
		s.at(&o, now)
		s.receive([]byte{protocolQ931, 2, 0, 0, byte(Restart), byte(RestartIndicator), 1, 0x87})
		if s.busy() != 0 || len(s.legs) != 0 {
			t.Fatalf("a restart leaves %d calls", len(s.legs))
		}
	})
}

// wild does what the bytes say.
func wild(s *Stack, o *StackOut, m []byte, now int64) int64 {
	id, v := CallID(1), 0
	if len(m) > 1 {
		v = int(m[1])
	}
	if len(s.legs) > 0 {
		id = s.legs[v%len(s.legs)].id
	}
	switch m[0] & 0x0F {
	case 0:
		_ = s.Proceed(o, id, now)
	case 1:
		_ = s.Connect(o, id, now)
	case 2:
		_, _ = s.Setup(o, SetupOrder{Called: "1", Slot: v & 15}, now)
	case 3:
		s.Restart(o, v&31, now)
	case 4:
		_ = s.Clear(o, id, v, now)
	case 5:
		_ = s.Digits(o, id, "1", now)
	case 6:
		_ = s.Alert(o, id, now)
	case 7:
		_ = s.Hold(o, id, now)
	case 8:
		_ = s.Retrieve(o, id, now)
	case 9:
		s.at(o, now)
		s.established()
	default:
		now += int64(v+1) * rate
		s.Tick(o, now)
	}
	return now
}

// FuzzFrames gives a stack whatever frames come from the line.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{3, 2, 1, 0x7F, 8, 2, 1, 0, 0, 8, 2, 0, 1, 5})
	f.Fuzz(func(_ *testing.T, b []byte) {
		s := NewStack(StackConfig{Side: User})
		var o StackOut
		s.Start(&o, 0)
		for now := int64(0); len(b) > 0; now += rate / 10 {
			n := min(int(b[0]), len(b)-1)
			o = StackOut{}
			s.Frame(&o, b[1:1+n], now)
			s.Tick(&o, now)
			b = b[1+n:]
		}
	})
}

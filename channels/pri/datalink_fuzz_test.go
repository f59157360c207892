package pri

import "testing"

func TestDataLinkAllocatesNothingInSteadyState(t *testing.T) {
	a, b := NewDataLink(LinkConfig{Side: Network}), NewDataLink(LinkConfig{Side: User})
	var oa, ob LinkOut
	now := int64(0)
	talk := func() {
		for len(oa.Frames)+len(ob.Frames) > 0 {
			ob.Reset()
			for _, f := range oa.Frames {
				b.Frame(&ob, f, now)
			}
			oa.Reset()
			for _, f := range ob.Frames {
				a.Frame(&oa, f, now)
			}
		}
	}
	a.Start(&oa, now)
	b.Start(&ob, now)
	for _, f := range ob.Frames {
		a.Frame(&oa, f, now)
	}
	talk()
	if b.State() != Established {
		t.Fatal(b.State())
	}
	message := make([]byte, 100)
	once := func() {
		for range queueLength + 1 {
			now++
			oa.Reset()
			ob.Reset()
			if err := a.Send(&oa, message, now); err != nil {
				t.Fatal(err)
			}
			talk()
		}
	}
	once()
	if n := testing.AllocsPerRun(5, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDataLink throws frames and time at an end: it stays within its bounds and
// sends nothing but frames of its own side.
func FuzzDataLink(f *testing.F) {
	f.Add([]byte{3, 0, 1, 0x7f, 0x86, 3, 2, 1, 0x73})
	f.Add([]byte{3, 2, 1, 0x73, 0x81, 5, 0, 1, 0, 0, 8, 0x81, 4, 2, 1, 1, 3, 0x82, 0x90})
	f.Fuzz(func(t *testing.T, b []byte) {
		const k = 3
		d := NewDataLink(LinkConfig{Side: Network, K: k})
		var o LinkOut
		d.Start(&o, 0)
		now := int64(0)
		for len(b) > 0 {
			o.Reset()
			op := b[0]
			b = b[1:]
			switch {
			case op < 0x80:
				n := min(int(op), len(b))
				d.Frame(&o, b[:n], now)
				b = b[n:]
			case op == 0x81:
				if err := d.Send(&o, []byte("message"), now); err != nil && d.State() == Established && d.queue.n < queueLength {
					t.Fatal(err)
				}
			case op == 0x82:
				if d.Next() < linkNever {
					now = max(now, d.Next())
				}
				d.Tick(&o, now)
				if d.Next() <= now {
					t.Fatalf("a timer of %d is still due at %d", d.Next(), now)
				}
			case op == 0x83, op == 0x84:
				d.SetBusy(&o, op == 0x83, now)
			case op == 0x85:
				d.Start(&o, now)
			case op == 0x86:
				d.Stop(&o, now)
			default:
				now += int64(op) * 100
			}
			if d.sent > k || d.sent > d.queue.n || d.queue.n > queueLength || len(o.Frames) > k+3 || d.State() >= endLinkState {
				t.Fatalf("%d sent, %d in the queue, %d frames, %v", d.sent, d.queue.n, len(o.Frames), d.State())
			}
			if d.wanted && d.Next() == linkNever {
				t.Fatalf("a link that is wanted waits for nothing: %v", d.State())
			}
			for _, f := range o.Frames {
				p, err := ParseFrame(f)
				if is, known := p.Sender(); err != nil || known && is != Network {
					t.Fatalf("%x of %v: %v", f, is, err)
				}
			}
		}
	})
}

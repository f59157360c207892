package pri

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// A wire carries frames one way, in order and each at its own time. It loses some;
// numbered frames it may also carry twice. A SABME that comes twice resets a
// link behind the far end's back, which Q.921 has no remedy for.
type wire struct {
	at    []int64
	frame [][]byte
	free  int64 // no frame arrives before the one sent before it
	dead  bool
}

// A station is one end of a pair, with what its layer 3 knows.
type station struct {
	*DataLink
	out    LinkOut
	to     *wire
	far    *station
	wanted bool
	busy   bool
	sent   []int // of every message that was taken: the epoch it was sent in
	epoch  int   // how often the end was told that messages may be lost
	got    int   // messages are numbered; the next that may come
	up     bool
}

// A pair is two ends back to back, and chance.
type pair struct {
	t               *rapid.T
	now             int64
	ends            [2]*station
	chance          uint64
	loss, twice     uint64 // in 1000
	latest          uint64 // samples that a frame takes at most
	lost, delivered int
}

// draw is a number below n: a seeded sequence of which every case has its own.
func (p *pair) draw(n uint64) uint64 {
	p.chance ^= p.chance << 13
	p.chance ^= p.chance >> 7
	p.chance ^= p.chance << 17
	return (p.chance >> 11) % max(n, 1)
}

func newPair(t *rapid.T, a, b LinkConfig) *pair {
	p := &pair{t: t}
	for i, c := range []LinkConfig{a, b} {
		c.Side = Side(i)
		p.ends[i] = &station{DataLink: NewDataLink(c), to: &wire{}}
	}
	p.ends[0].far, p.ends[1].far = p.ends[1], p.ends[0]
	return p
}

// after takes what a call gave: frames go on the wire, messages are checked.
func (p *pair) after(s *station) {
	for _, f := range s.out.Frames {
		times := 1
		if p.draw(1000) < p.loss || s.to.dead {
			times, p.lost = 0, p.lost+1
		} else if f[2]&3 != 3 && p.draw(1000) < p.twice {
			times = 2
		}
		for range times {
			s.to.free = max(s.to.free, p.now+int64(p.draw(p.latest+1)))
			s.to.at = append(s.to.at, s.to.free)
			s.to.frame = append(s.to.frame, append([]byte(nil), f...))
		}
	}
	if s.out.Up || s.out.Down {
		s.epoch++
		s.up = s.out.Up
	}
	for _, m := range s.out.Messages {
		n := int(binary.BigEndian.Uint32(m))
		if n < s.got {
			p.t.Fatalf("message %d comes again after %d", n, s.got-1)
		}
		for ; s.got < n; s.got++ {
			if s.far.sent[s.got] == s.far.sent[n] {
				p.t.Fatalf("message %d is lost before %d, while the link was up", s.got, n)
			}
		}
		s.got++
		p.delivered++
	}
	s.out.Reset()
}

func (p *pair) send(s *station) {
	m := binary.BigEndian.AppendUint32(nil, uint32(len(s.sent)))
	if s.Send(&s.out, m, p.now) == nil {
		s.sent = append(s.sent, s.epoch)
	}
	p.after(s)
}

func (p *pair) want(s *station, on bool) {
	s.wanted = on
	if on {
		s.Start(&s.out, p.now)
	} else {
		s.Stop(&s.out, p.now)
	}
	p.after(s)
}

func (p *pair) occupy(s *station, on bool) {
	s.busy = on
	s.SetBusy(&s.out, on, p.now)
	p.after(s)
}

// run lets time pass, at whose end nothing more is due before then.
func (p *pair) run(until int64) {
	for steps := 0; ; steps++ {
		if steps > 1_000_000 {
			p.t.Fatalf("the ends send for ever: %v and %v", p.ends[0].State(), p.ends[1].State())
		}
		next, who, frame := until, (*station)(nil), false
		for _, s := range p.ends {
			if s.Next() <= next {
				next, who, frame = s.Next(), s, false
			}
			if len(s.to.at) > 0 && s.to.at[0] <= next {
				next, who, frame = s.to.at[0], s.far, true
			}
		}
		p.now = max(p.now, next)
		switch {
		case who == nil:
			return
		case frame:
			w := who.far.to
			b := w.frame[0]
			w.at, w.frame = w.at[1:], w.frame[1:]
			who.Frame(&who.out, b, p.now)
		default:
			who.Tick(&who.out, p.now)
		}
		p.after(who)
	}
}

// heal makes the wire whole and both ends willing, and requires that the link
// comes up and carries all that its ends took since they were told of a loss.
func (p *pair) heal() {
	p.loss, p.twice = 0, 0
	for _, s := range p.ends {
		s.to.dead = false
		if s.busy {
			p.occupy(s, false)
		}
		if !s.wanted {
			p.want(s, true)
		}
	}
	p.run(p.now + 600*rate)
	for _, s := range p.ends {
		p.send(s)
	}
	p.run(p.now + 60*rate)
	for i, s := range p.ends {
		if s.State() != Established || !s.up {
			p.t.Fatalf("%v does not come up: %v, told %v", Side(i), s.State(), s.up)
		}
		for n := s.far.got; n < len(s.sent); n++ {
			if s.sent[n] == s.epoch {
				p.t.Fatalf("message %d of %v never arrives", n, Side(i))
			}
		}
		if n := len(s.sent); n == 0 || s.far.got != n {
			p.t.Fatalf("the last of %d messages of %v is not there", n, Side(i))
		}
	}
}

func config(t *rapid.T, name string) LinkConfig {
	return LinkConfig{K: rapid.IntRange(1, 127).Draw(t, name+" K"), N200: rapid.IntRange(1, 5).Draw(t, name+" N200")}
}

// Whatever is lost, comes twice or late: messages arrive once and in order while
// the link is up, who sent one that may be lost is told, and when the wire is
// whole again the link comes up and works.
func TestMessagesArriveOnceAndInOrderWhateverTheWireDoes(t *testing.T) {
	var lost, delivered int
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t, config(t, "network"), config(t, "user"))
		p.chance = rapid.Uint64Min(1).Draw(t, "seed")
		p.loss = rapid.SampledFrom([]uint64{0, 10, 50, 200, 500}).Draw(t, "loss")
		p.twice = rapid.SampledFrom([]uint64{0, 10, 200}).Draw(t, "twice")
		p.latest = rapid.SampledFrom([]uint64{0, 80, 1000, 3900}).Draw(t, "delay") // there and back within T200
		for _, s := range p.ends {
			p.want(s, true)
		}
		steps := rapid.SliceOfN(rapid.IntRange(0, 15), 1, 60).Draw(t, "steps")
		for _, step := range steps {
			s := p.ends[p.draw(2)]
			switch step {
			case 0:
				p.occupy(s, !s.busy)
			case 1:
				p.want(s, p.draw(3) > 0)
			case 2:
				s.to.dead = !s.to.dead
			case 3:
				p.run(p.now + int64(p.draw(20*rate)))
			default:
				for range p.draw(2 * queueLength) {
					p.send(s)
				}
				p.run(p.now + int64(p.draw(rate)))
			}
		}
		p.heal()
		lost, delivered = lost+p.lost, delivered+p.delivered
	})
	t.Logf("%d frames lost, %d messages delivered", lost, delivered)
	if lost == 0 || delivered == 0 {
		t.Error("nothing was lost, or nothing arrived: nothing is proven")
	}
}

func TestLinkThatIsCutComesBackByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t, LinkConfig{}, LinkConfig{})
		p.chance, p.latest = rapid.Uint64Min(1).Draw(t, "seed"), 800
		p.want(p.ends[0], true)
		p.want(p.ends[1], true)
		p.run(p.now + 2*rate)
		for _, s := range p.ends {
			if !s.up {
				t.Fatal("not up within 2 s")
			}
			s.to.dead = true
		}
		if rapid.Bool().Draw(t, "while in use") {
			p.send(p.ends[0])
		}
		p.run(p.now + 30*rate)
		for i, s := range p.ends {
			if s.up {
				t.Fatalf("%v does not notice within 30 s", Side(i))
			}
		}
		p.ends[0].to.dead, p.ends[1].to.dead = false, false
		p.run(p.now + 8*rate)
		for i, s := range p.ends {
			if !s.up {
				t.Fatalf("%v is not up again after 8 s: %v", Side(i), s.State())
			}
		}
	})
}

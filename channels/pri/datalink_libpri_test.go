package pri

import (
	"encoding/binary"
	"testing"
	"time"
)

// A liveLink is a DataLink as an end: it keeps what it is told.
type liveLink struct {
	*DataLink
	out      LinkOut
	early    bool // our SABME goes out before that of libpri is seen, and still crosses it
	heard    chan struct{}
	ups      chan struct{}
	messages chan []byte
	errors   []LinkError
}

func newLiveLink(c LinkConfig) *liveLink {
	return &liveLink{DataLink: NewDataLink(c), heard: make(chan struct{}, 1), ups: make(chan struct{}, 1024), messages: make(chan []byte, 1024)}
}

func (l *liveLink) told() [][]byte {
	if l.out.Up {
		l.ups <- struct{}{}
	}
	for _, m := range l.out.Messages {
		l.messages <- append([]byte(nil), m...)
	}
	l.errors = append(l.errors, l.out.Errors...)
	return l.out.Frames
}

func (l *liveLink) frame(b []byte, now int64) [][]byte {
	l.out.Reset()
	if l.early {
		l.early = false
		l.Start(&l.out, now)
	}
	l.Frame(&l.out, b, now)
	select {
	case l.heard <- struct{}{}:
	default:
	}
	return l.told()
}

func (l *liveLink) tick(now int64) [][]byte {
	l.out.Reset()
	l.Tick(&l.out, now)
	return l.told()
}

func (l *liveLink) next() int64 { return l.Next() }

func (l *liveLink) start(now int64) [][]byte {
	l.out.Reset()
	l.Start(&l.out, now)
	return l.told()
}

func (l *liveLink) awaitUp(t *testing.T) {
	t.Helper()
	select {
	case <-l.ups:
	case <-time.After(patience):
		t.Fatalf("the link with libpri does not come up: %v, %+v", l.State(), l.Counts())
	}
}

func TestDataLinkWithLibpriComesUp(t *testing.T) {
	for _, side := range []Side{Network, User} {
		for _, way := range []string{"at once", "when both ask at the same time", "after refusing it"} {
			t.Run(side.String()+" "+way, func(t *testing.T) {
				t.Parallel()
				l := newLiveLink(LinkConfig{Side: side})
				l.early = way == "when both ask at the same time"
				p := startLibpri(t, l, role(side))
				switch way {
				case "after refusing it":
					<-l.heard
					fallthrough
				case "at once":
					p.do(l.start)
				}
				p.await("DCHAN_UP")
				l.awaitUp(t)
			})
		}
	}
}

func TestSetupOfLibpriArrivesOverTheDataLink(t *testing.T) {
	t.Parallel()
	l := newLiveLink(LinkConfig{Side: User})
	p := startLibpri(t, l, role(User))
	p.do(l.start)
	p.await("DCHAN_UP")
	p.say("call 8888 13912345678 5")
	for {
		select {
		case b := <-l.messages:
			m, err := ParseMessage(b)
			if err != nil {
				t.Fatal(err)
			}
			if m.Type == Setup {
				return
			}
		case <-time.After(patience):
			t.Fatal("no SETUP")
		}
	}
}

// enquiry is STATUS ENQUIRY about a call that libpri does not know: it answers
// each with a message of the same reference.
func enquiry(ref uint16) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{protocolQ931, 2}, ref), byte(StatusEnquiry))
}

func TestMessagesReachLibpriAndComeBackOverALossyLink(t *testing.T) {
	const enquiries, fifth = 400, rate / 5
	for _, side := range []Side{Network, User} {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			l := newLiveLink(LinkConfig{Side: side, T200: fifth, N200: 10})
			p := startLibpri(t, l, role(side), "--timer", "T200=200", "--timer", "N200=10", "--drop", "0.05", "--seed", "7")
			p.do(l.start)
			l.awaitUp(t)
			sent := 0
			for got := 0; got < enquiries; {
				p.do(func(now int64) [][]byte {
					l.out.Reset()
					for sent < enquiries && l.Send(&l.out, enquiry(uint16(sent+1)), now) == nil {
						sent++
					}
					return l.told()
				})
				select {
				case b := <-l.messages:
					m, err := ParseMessage(b)
					if err != nil {
						t.Fatal(err)
					}
					if m.Type == Restart || m.Type == RestartAck {
						continue
					}
					if int(m.Ref) != got+1 {
						t.Fatalf("answer %d is %v about call %d: one was lost or came twice", got+1, m.Type, m.Ref)
					}
					got++
				case <-time.After(patience):
					t.Fatalf("no answer %d; %v, %+v", got+1, l.State(), l.Counts())
				}
			}
			p.do(func(int64) [][]byte {
				if c := l.Counts(); c.Repeated == 0 {
					t.Errorf("nothing was sent again, so nothing was proven: %+v", c)
				}
				t.Logf("%+v, errors %v", l.Counts(), l.errors)
				return nil
			})
		})
	}
}

package pri

// A timer is one that a call can wait for.
type timer uint8

const (
	tNone    timer = iota
	t301           // ALERTING has come, CONNECT is waited for
	t302           // digits are waited for
	t303           // SETUP was sent
	t304           // digits were sent, an answer to them is waited for
	t305           // DISCONNECT was sent
	t308           // RELEASE was sent
	t310           // CALL PROCEEDING has come, ALERTING is waited for
	t313           // CONNECT was sent
	tProceed       // a whole number was offered to the owner, who has said nothing yet
	nTimer
)

// Timers are how long a stack waits, in samples; 0 means the default of Q.931 table
// 9-1 (network) or 9-2 (user). Their numbers are Q.931's. T306, T307, T312, T314 and T318 to
// T321 belong to tones after the end of a call, to suspended, broadcast or segmented calls, and to
// backup D-channels, of which a stack has none; T317 limits what it does at once.
type Timers struct {
	T301 int64 // no answer: 180 s
	T302 int64 // no further digit: network 12 s, user 15 s
	T303 int64 // SETUP without any answer: 4 s, twice
	T304 int64 // digits without any answer: network 20 s, user 30 s
	T305 int64 // DISCONNECT without any answer: 30 s
	T308 int64 // RELEASE without any answer: 4 s, twice
	T309 int64 // no data link: calls that are up live for 90 s
	T310 int64 // no ALERTING: network 10 s, user 60 s
	T313 int64 // CONNECT without CONNECT ACKNOWLEDGE: 4 s
	T316 int64 // RESTART without any answer: 120 s, twice
	T322 int64 // STATUS ENQUIRY without any answer: 4 s, three times
	Hold int64 // HOLD or RETRIEVE without any answer: 4 s (ETS 300 141)
}

// withDefaults fills in what is not set.
func (t Timers) withDefaults(side Side) Timers {
	def := func(v *int64, network, user int64) {
		switch {
		case *v > 0:
		case side == Network:
			*v = network * rate
		default:
			*v = user * rate
		}
	}
	def(&t.T301, 180, 180)
	def(&t.T302, 12, 15)
	def(&t.T303, 4, 4)
	def(&t.T304, 20, 30)
	def(&t.T305, 30, 30)
	def(&t.T308, 4, 4)
	def(&t.T309, 90, 90)
	def(&t.T310, 10, 60)
	def(&t.T313, 4, 4)
	def(&t.T316, 120, 120)
	def(&t.T322, 4, 4)
	def(&t.Hold, 4, 4)
	return t
}

// The owner of a call is expected to say something within half of the far end's T303.
const toProceed = 2 * rate

func (s *Stack) duration(t timer) int64 {
	c := &s.cfg.Timers
	return [nTimer]int64{t301: c.T301, t302: c.T302, t303: c.T303, t304: c.T304, t305: c.T305, t308: c.T308, t310: c.T310, t313: c.T313,
		tProceed: toProceed}[t]
}

// wait begins to wait, instead of what was waited for before.
func (s *Stack) wait(l *leg, t timer) {
	l.timer, l.due, l.tries = t, s.now+s.duration(t), 0
}

func (l *leg) stop() { l.timer = tNone }

// expire says which input a timer is that has run out. Those that are tried
// twice are started again.
func (s *Stack) expire(l *leg) input {
	t := l.timer
	l.timer = tNone
	l.tries++
	switch t {
	case t303, t308:
		if l.tries > 1 {
			return [nTimer]input{t303: dueT303Again, t308: dueT308Again}[t]
		}
		l.timer, l.due = t, s.now+s.duration(t)
	case t302:
		if s.partial(l) {
			return dueT302Part
		}
	}
	return [nTimer]input{t301: dueT301, t302: dueT302, t303: dueT303, t304: dueT304, t305: dueT305, t308: dueT308, t310: dueT310, t313: dueT313,
		tProceed: dueProceed}[t]
}

package vad

// Kind says what an event tells.
type Kind byte

// The two kinds of event.
const (
	Start Kind = iota + 1 // somebody speaks: At is where it began
	End                   // nobody speaks any more: At is where it ended
)

func (k Kind) String() string {
	switch k {
	case Start:
		return "start"
	case End:
		return "end"
	}
	return ""
}

// Event is one end of a stretch of voice. Starts and Ends take turns.
type Event struct {
	Kind        Kind
	At          int64   // sample, counted from New; skipped samples count. Exact to 10 ms
	Probability float32 // that it is voice, 0…1: of what led to the Start, or the mean between Start and End
}

const (
	// even is the logarithm of the odds from which it is voice.
	even = 0

	// sure is the logarithm of the odds that some step must reach until voice
	// starts: steady noise comes close to even now and then.
	sure = 1.3

	step    = hop / 2 // samples that places are exact to: 10 ms
	attack  = 4       // steps of voice in a row that are a Start
	release = 15      // steps without voice that are an End: shorter pauses belong to speech

	// Latency is how many samples after the place of a Start it is known, at
	// the latest: 253 ms.
	Latency = (ahead+2)*hop + lead + attack*step
)

// Detector tells voice from all else on one line. It is not for use by two
// goroutines at a time.
type Detector struct {
	observer   observer
	classifier classifier

	buf   [window]int16
	have  int   // samples in buf
	next  int64 // position of the frame that buf will show
	owed  int   // frames that were shown but not judged
	voice bool
	run   int     // frames in a row that speak against the state
	at    int64   // where that row began
	odds  float32 // of the frame judged last
	begun bool    // some frame was judged
	sum   float32 // of the odds of the steps of voice in this row or stretch
	count int     // of these steps
	peak  float32 // greatest of these odds
	first int64   // sample before which nothing was heard

	due  [4]Event // found out by Skip
	dues int
}

// New returns a detector whose first sample has position 0.
func New() *Detector {
	return &Detector{have: lead}
}

// Position is the number of samples taken so far.
func (d *Detector) Position() int64 { return d.next - lead + int64(d.have) }

// Voice says whether voice is on.
func (d *Detector) Voice() bool { return d.voice }

// Probability is that of voice in the 20 ms judged last, some 200 ms ago.
func (d *Detector) Probability() float32 { return probability(d.odds) }

// Process takes the next samples of the line and appends what is found in them
// to dst.
func (d *Detector) Process(dst []Event, block []int16) []Event {
	dst = append(dst, d.due[:d.dues]...)
	d.dues = 0
	for len(block) > 0 {
		n := copy(d.buf[d.have:], block)
		d.have += n
		block = block[n:]
		if d.have < window {
			break
		}
		d.observer.frame(&d.buf)
		s := d.classifier.hear(&learnt, &d.observer.tracks[now])
		d.have = copy(d.buf[:], d.buf[hop:])
		dst = d.judge(dst, &s)
	}
	return dst
}

// judge takes the scores of the next frame and acts on the verdict about the
// one that lies ahead frames before.
func (d *Detector) judge(dst []Event, s *[scores]int32) []Event {
	odds := d.classifier.judge(&learnt, s, &d.observer.past)
	d.next += hop
	if d.owed < ahead {
		d.owed++
		return dst
	}
	at := d.next - (ahead+1)*hop // of the frame that was judged
	if !d.begun {
		d.begun, d.odds = true, odds
		return d.step(dst, at, odds)
	}
	// A step lies a quarter of a hop from the middle of its own frame, and
	// three quarters from that of the nearest other.
	dst = d.step(dst, at-step, 0.75*d.odds+0.25*odds)
	dst = d.step(dst, at, 0.25*d.odds+0.75*odds)
	d.odds = odds
	return dst
}

// step takes the odds of the 10 ms from sample at.
func (d *Detector) step(dst []Event, at int64, odds float32) []Event {
	voiced := odds >= even
	if voiced && !d.voice && d.run == 0 {
		d.sum, d.count, d.peak = 0, 0, odds
	}
	if voiced {
		d.peak = max(d.peak, odds)
		d.sum += odds
		d.count++
	}
	if voiced == d.voice {
		d.run = 0
		return dst
	}
	if d.run == 0 {
		d.at = max(at, d.first)
	}
	d.run++
	switch {
	case voiced && d.run >= attack && d.peak >= sure:
		d.voice, d.run = true, 0
		dst = append(dst, Event{Kind: Start, At: d.at, Probability: d.mean()})
	case !voiced && d.run == release:
		dst = d.end(dst)
	}
	return dst
}

func (d *Detector) end(dst []Event) []Event {
	d.voice, d.run = false, 0
	return append(dst, Event{Kind: End, At: d.at, Probability: d.mean()})
}

// mean is the probability at the mean of the odds of voice.
func (d *Detector) mean() float32 { return probability(d.sum / float32(max(1, d.count))) }

// Skip says that n samples of the line are missing. Voice ends where they
// begin if they are 150 ms or more.
func (d *Detector) Skip(n int) {
	if n <= 0 {
		return
	}
	at := d.Position() + int64(n)
	due := d.settle(d.due[:d.dues])
	if d.voice && n >= release*step {
		due = d.stop(due)
	}
	d.dues = len(due)
	d.classifier = classifier{}
	d.have, d.owed, d.next = 0, 0, at+lead
	d.begun, d.first = false, at
}

// Flush decides what still waits for samples, at the end of a recording. Voice
// that is on ends.
func (d *Detector) Flush(dst []Event) []Event {
	dst = append(dst, d.due[:d.dues]...)
	d.dues = 0
	dst = d.settle(dst)
	if d.voice {
		dst = d.stop(dst)
	}
	return dst
}

// settle judges the frames that are owed as if nothing followed.
func (d *Detector) settle(dst []Event) []Event {
	next := d.next
	for range ahead {
		dst = d.judge(dst, &[scores]int32{})
	}
	if d.begun {
		dst = d.step(dst, next-step, d.odds)
	}
	d.next, d.owed = next, 0
	return dst
}

// stop ends voice after the last frame.
func (d *Detector) stop(dst []Event) []Event {
	if d.run == 0 {
		d.at = min(d.next, d.Position())
	}
	return d.end(dst)
}

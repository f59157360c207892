package drivertest

import (
	"slices"
	"sync"

	"vaad/driver"
	"vaad/dsp/g711"
)

// Fake is a virtual board that does what a script says and remembers what it
// was told. Its fields may be set before the first Exchange; what it remembers
// is read when no Exchange runs. It refuses what its Info says a line cannot do.
type Fake struct {
	In driver.Info

	// Script may be nil. It is called for each tick with the number of the
	// tick and finds rx as a silent line has it; it sets Code on companded
	// lines (PCM follows from it), PCM on linear ones, and appends events. An
	// error is returned by Exchange.
	Script func(tick int, rx *driver.Frame) error

	// Go, where it is not nil, is received from at each Exchange: a test lets
	// the board tick, or hang until it is closed.
	Go <-chan struct{}

	// Broken and Counted, where they are not nil, answer Faults and Counters.
	// They are called from any goroutine.
	Broken  func() []driver.LineFault
	Counted func(*driver.Counters)

	Commands []driver.Command // all that came, Data copied
	Peak     []int            // largest magnitude sent to each line

	tick   int
	once   sync.Once
	closed chan struct{}
}

// NewFake makes a board of that kind. Virtual is set in its Info.
func NewFake(in driver.Info, script func(tick int, rx *driver.Frame) error) *Fake {
	in.Virtual = true
	return &Fake{In: in, Script: script, Peak: make([]int, len(in.Lines)), closed: make(chan struct{})}
}

// Info is driver.Board.Info.
func (f *Fake) Info() driver.Info { return f.In }

// Close is driver.Board.Close.
func (f *Fake) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// Faults is driver.Faulter.Faults.
func (f *Fake) Faults(dst []driver.LineFault) []driver.LineFault {
	if f.Broken == nil {
		return dst
	}
	return append(dst, f.Broken()...)
}

// Counters is driver.Counting.Counters.
func (f *Fake) Counters(to *driver.Counters) {
	*to = driver.Counters{Spans: append(to.Spans[:0], make([]driver.SpanCounters, len(f.In.Spans))...)}
	if f.Counted != nil {
		f.Counted(to)
	}
}

// Exchange is driver.Board.Exchange.
func (f *Fake) Exchange(tx, rx *driver.Frame) error {
	select {
	case <-f.closed:
		return driver.ErrGone
	default:
	}
	if f.Go != nil {
		select {
		case <-f.Go:
		case <-f.closed:
			return driver.ErrGone
		}
	}
	f.listen(tx)
	rx.Reset()
	rx.Seq, rx.Pos = uint64(f.tick), int64(f.tick)*driver.Block
	for i, l := range f.In.Lines {
		clear(rx.LinePCM(i))
		for k, code := 0, rx.LineCode(i); k < len(code); k++ {
			code[k] = l.Law.Silence()
		}
		if f.tick == 0 {
			rx.Event(driver.State, i, 0, 0, nil)
		}
	}
	if f.Script != nil {
		if err := f.Script(f.tick, rx); err != nil {
			return err
		}
	}
	for i, l := range f.In.Lines {
		if l.Law != driver.Linear {
			g711.Decode(rx.LinePCM(i), rx.LineCode(i), g711.Law(l.Law))
		}
	}
	for _, c := range tx.Commands {
		if c.Line >= 0 && c.Line < targets(&f.In, c.Kind) && lacks(&f.In, c.Kind, c.Line) {
			rx.Event(driver.Refused, c.Line, c.At, int32(c.Kind), []byte("a line of this kind has no such power"))
		}
	}
	f.tick++
	return nil
}

func (f *Fake) listen(tx *driver.Frame) {
	for _, c := range tx.Commands {
		c.Data = slices.Clone(c.Data)
		f.Commands = append(f.Commands, c)
	}
	for i := range f.In.Lines {
		for _, s := range tx.LinePCM(i) {
			f.Peak[i] = max(f.Peak[i], int(s), -int(s))
		}
	}
}

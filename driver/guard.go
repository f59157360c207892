package driver

// Guard wraps a board so that nothing can act on its taps: commands to
// a tap line or tap span are taken out and answered with a Refused event, and
// audio towards it is silenced. It stands below channels, so no error above it
// can touch a line that a telephone or PBX owns.
//
// tap and tapSpan are indexed like Info.Lines and Info.Spans and are read at
// every Exchange by the goroutine that calls it: change them from there only.
func Guard(b Board, tap, tapSpan []bool) *Guarded {
	return &Guarded{Board: b, tap: tap, tapSpan: tapSpan}
}

// Guarded is a board whose taps cannot be acted on.
type Guarded struct {
	Board
	tap, tapSpan []bool
	refused      []Command
}

// Exchange is Board.Exchange without what would act on a tap.
func (g *Guarded) Exchange(tx, rx *Frame) error {
	g.refused = g.refused[:0]
	kept := tx.Commands[:0]
	for _, c := range tx.Commands {
		if g.guarded(c) {
			g.refused = append(g.refused, c)
		} else {
			kept = append(kept, c)
		}
	}
	tx.Commands = kept
	for i, t := range g.tap {
		if t {
			clear(tx.LinePCM(i))
		}
	}
	if err := g.Board.Exchange(tx, rx); err != nil {
		return err
	}
	for _, c := range g.refused {
		rx.Event(Refused, c.Line, c.At, int32(c.Kind), []byte(ErrTap.Error()))
	}
	return nil
}

func (g *Guarded) guarded(c Command) bool {
	set := g.tap
	if c.Kind.OnSpan() {
		set = g.tapSpan
	}
	return c.Line >= 0 && c.Line < len(set) && set[c.Line]
}

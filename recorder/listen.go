package recorder

import (
	"context"
	"errors"
	"io"

	"vaad/channels"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// Listen streams a line live, as a G.711 WAV without end; two sides are mixed.
// It reads the ring like the recorder does and holds up nobody: a listener that
// falls behind by more than the ring loses what it missed. Read gives io.EOF
// when the context ends or the line's sides change. Errors: *[LineError] with
// [ErrNoLine] or [ErrUnused].
func (r *Recorder) Listen(ctx context.Context, line int) (io.Reader, error) {
	const op = "listen"
	l, ok := r.c.System.Line(line)
	if !ok {
		return nil, &LineError{op, line, ErrNoLine}
	}
	enc := newEncoder(l.Sides(), LineConfig{Sides: Mixed, Codec: G711})
	if enc == nil {
		return nil, &LineError{op, line, ErrUnused}
	}
	format := wav.ALaw
	enc.codec = archive.G711A
	if enc.laws[0] == g711.MuLaw {
		format, enc.codec = wav.MuLaw, archive.G711U
	}
	feed := r.c.System.Subscribe("listen", false)
	r.metrics.listeners.Inc()
	context.AfterFunc(ctx, func() {
		feed.Close()
		r.metrics.listeners.Dec()
	})
	return &listener{ctx: ctx, line: l, enc: enc, feed: feed, pos: l.Fed(), out: wav.StreamHeader(format)}, nil
}

// A listener is one live stream. One goroutine reads it.
type listener struct {
	ctx  context.Context
	line *channels.Line
	enc  *encoder
	feed *channels.Reader
	pos  int64
	raw  [2][portion]byte
	out  []byte // to be read
	evs  []channels.Event
}

// Read waits for audio.
func (l *listener) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		if l.ctx.Err() != nil {
			return 0, io.EOF
		}
		got, err := l.more()
		if err != nil {
			return 0, io.EOF
		}
		if got {
			break
		}
		select {
		case <-l.feed.Wake():
			l.evs, _ = l.feed.Drain(l.evs[:0]) // only its wake is wanted
		case <-l.ctx.Done():
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// more takes what the ring has.
func (l *listener) more() (bool, error) {
	raw := make([][]byte, len(l.enc.laws))
	n := portion
	for i := range raw {
		got, err := l.line.Read(l.raw[i][:n], i, l.pos)
		var over *channels.ErrOverrun
		switch {
		case errors.As(err, &over):
			l.pos = l.line.Fed()
			return false, nil
		case err != nil:
			return false, err
		}
		n = got
		raw[i] = l.raw[i][:]
	}
	if n == 0 {
		return false, nil
	}
	for i := range raw {
		raw[i] = raw[i][:n]
	}
	l.out = l.enc.encode(0, raw, false)
	l.pos += int64(n)
	return true, nil
}

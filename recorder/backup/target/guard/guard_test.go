package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/recorder/backup/target"
)

func newGuard() *Guard {
	return New("nas", time.Minute, func(err error) error {
		if strings.Contains(err.Error(), "full") {
			return target.ErrFull
		}
		return nil
	})
}

func TestACallThatMovesIsNeverGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := newGuard().Do(t.Context(), "put", "a", func(_ context.Context, b *Beat) error {
			for range 100 {
				time.Sleep(50 * time.Second)
				b.Moved()
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestACallThatStandsStillIsGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := newGuard().Do(t.Context(), "put", "a", func(ctx context.Context, _ *Beat) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if d := time.Since(began); !errors.Is(err, target.ErrStalled) || d < time.Minute || d > 80*time.Second {
			t.Errorf("%v after %v", err, d)
		}
	})
}

func TestHungCallsAreCountedAndComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		wake := make(chan struct{})
		for range maxHung {
			if err := g.Do(t.Context(), "stat", "a", func(context.Context, *Beat) error { <-wake; return nil }); !errors.Is(err, target.ErrStalled) {
				t.Fatal(err)
			}
		}
		began, ran := time.Now(), false
		if err := g.Do(t.Context(), "stat", "a", func(context.Context, *Beat) error { ran = true; return nil }); !errors.Is(err, target.ErrStalled) || ran || time.Since(began) != 0 {
			t.Errorf("one more: %v, %v, after %v", err, ran, time.Since(began))
		}
		close(wake)
		synctest.Wait()
		if err := g.Do(t.Context(), "stat", "a", func(context.Context, *Beat) error { return nil }); err != nil {
			t.Errorf("once they came back: %v", err)
		}
	})
}

func TestAHungPutKeepsOthersOffItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		wake := make(chan struct{})
		if err := g.Exclusive(t.Context(), "put", "a", func(context.Context, *Beat) error { <-wake; return nil }); !errors.Is(err, target.ErrStalled) {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := g.Exclusive(ctx, "put", "a", func(context.Context, *Beat) error { t.Error("two at once"); return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := g.Exclusive(t.Context(), "put", "b", func(context.Context, *Beat) error { return nil }); err != nil {
			t.Errorf("another name: %v", err)
		}
		if busy := g.Busy(); len(busy) != 1 || busy[0] != "a" {
			t.Errorf("busy: %v", busy)
		}
		close(wake)
		if err := g.Exclusive(t.Context(), "put", "a", func(context.Context, *Beat) error { return nil }); err != nil {
			t.Error(err)
		}
		if len(g.Busy()) != 0 {
			t.Errorf("busy: %v", g.Busy())
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		errs := make(chan error, 3)
		wait := func(ctx context.Context, _ *Beat) error { <-ctx.Done(); return ctx.Err() }
		go func() { errs <- g.Do(t.Context(), "stat", "a", wait) }()
		go func() { errs <- g.Exclusive(t.Context(), "put", "a", wait) }()
		synctest.Wait()
		go func() { errs <- g.Exclusive(t.Context(), "put", "a", wait) }()
		synctest.Wait()
		g.Close()
		for range 3 {
			if err := <-errs; !errors.Is(err, target.ErrClosed) {
				t.Error(err)
			}
		}
		if err := g.Do(t.Context(), "stat", "a", wait); !errors.Is(err, target.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestTheFaultIsWhoseItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		do := func(fn func(context.Context, *Beat) error) error { return g.Do(t.Context(), "put", "a", fn) }
		for _, c := range []struct {
			fn    func(context.Context, *Beat) error
			class error
		}{
			{func(context.Context, *Beat) error { return errors.New("disk full") }, target.ErrFull},
			{func(context.Context, *Beat) error { return errors.New("?") }, target.ErrOther},
			{func(context.Context, *Beat) error { return context.DeadlineExceeded }, target.ErrUnreachable}, // a limit further down
			{func(context.Context, *Beat) error {
				return g.Error("put", "a", target.ErrGone, errors.New("disk full"))
			}, target.ErrGone},
			{func(_ context.Context, b *Beat) error {
				_, err := io.ReadAll(b.Source(strings.NewReader("abc"), 4))
				if err == nil {
					t.Error("a short source")
				}
				return errors.New("disk full") // what it became on its way
			}, target.ErrShort},
		} {
			if err := do(c.fn); !errors.Is(err, c.class) {
				t.Errorf("%v is not %v", err, c.class)
			}
		}
	})
}

// slow gives one byte, and the rest when it is let.
type slow struct {
	n      int
	let    chan struct{}
	closed chan struct{}
}

func (s *slow) Read(p []byte) (int, error) {
	if s.n++; s.n == 1 {
		return copy(p, "a"), nil
	}
	select {
	case <-s.let:
		return 0, io.EOF
	case <-s.closed:
		return 0, io.ErrClosedPipe
	}
}

func (s *slow) Close() error {
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	return nil
}

func TestAReaderThatHangsIsGivenUpAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard()
		open := func(ctx context.Context, s *slow) io.ReadCloser {
			r, err := g.Get(ctx, "a", func(context.Context) (io.ReadCloser, error) { return s, nil })
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		fresh := func() *slow { return &slow{let: make(chan struct{}), closed: make(chan struct{})} }

		s := fresh()
		r := open(t.Context(), s)
		b, err := io.ReadAll(r)
		if string(b) != "a" || !errors.Is(err, target.ErrStalled) {
			t.Errorf("%q, %v", b, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		<-s.closed

		// A reader that nobody reads from is in no hurry.
		s = fresh()
		r = open(t.Context(), s)
		time.Sleep(time.Hour)
		close(s.let)
		if b, err := io.ReadAll(r); string(b) != "a" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		_ = r.Close()

		s = fresh()
		ctx, stop := context.WithCancel(t.Context())
		r = open(ctx, s)
		time.AfterFunc(time.Second, stop)
		if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-s.closed
		_ = r.Close()

		s = fresh()
		r = open(t.Context(), s)
		time.AfterFunc(time.Second, g.Close)
		if _, err := io.ReadAll(r); !errors.Is(err, target.ErrClosed) {
			t.Error(err)
		}
		<-s.closed
		_ = r.Close()
	})
}

func TestWhatIsOpenedTooLateIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, wake := &slow{let: make(chan struct{}), closed: make(chan struct{})}, make(chan struct{})
		if _, err := newGuard().Get(t.Context(), "a", func(context.Context) (io.ReadCloser, error) { <-wake; return s, nil }); !errors.Is(err, target.ErrStalled) {
			t.Fatal(err)
		}
		close(wake)
		synctest.Wait()
		select {
		case <-s.closed:
		default:
			t.Error("nobody closes it any more")
		}
	})
}

func TestAListWaitsForWhoLooksAtIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		err := newGuard().List(t.Context(), "", func(target.Entry) error {
			time.Sleep(10 * time.Minute)
			n++
			return nil
		}, func(_ context.Context, _ *Beat, yield func(target.Entry) error) error {
			for range 500 {
				if err := yield(target.Entry{Name: "a"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n != 500 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func TestASourceGivesItsBytesAndNoMore(t *testing.T) {
	b := newBeat(t.Context())
	got, err := io.ReadAll(b.Source(bytes.NewReader(make([]byte, 200_000)), 150_000))
	if err != nil || len(got) != 150_000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

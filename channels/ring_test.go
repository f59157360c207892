package channels

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"vaad/driver"

	"pgregory.net/rapid"
)

// TestRingIsTheTailOfWhatWasWritten compares a ring with everything that was
// ever written, under random blocks, gaps and reads.
func TestRingIsTheTailOfWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m marks
		r, err := newRing(&m, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer r.free()
		from := rapid.Int64Range(0, 1<<40).Draw(t, "from")
		r.from.Store(from)
		m.pos.Store(from)
		var model []byte // from position from on
		block := make([]byte, driver.Block)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "blocks") {
					code := rapid.Byte().Draw(t, "code")
					for i := range block {
						block[i] = code + byte(i)
					}
					pos := m.pos.Load()
					m.writing.Store(pos + driver.Block)
					r.write(pos, block)
					m.pos.Store(pos + driver.Block)
					model = append(model, block...)
				}
			},
			"gap": func(t *rapid.T) {
				n := rapid.Int64Range(1, 30000).Draw(t, "samples")
				pos := m.pos.Load()
				m.writing.Store(pos + n)
				r.fill(pos, pos+n, 0xD5)
				m.pos.Store(pos + n)
				model = append(model, bytes.Repeat([]byte{0xD5}, int(n))...)
			},
			"read": func(t *rapid.T) {
				head := from + int64(len(model))
				pos := rapid.Int64Range(max(0, head-20000), head+100).Draw(t, "pos")
				dst := make([]byte, rapid.IntRange(0, 20000).Draw(t, "length"))
				n, err := r.read(dst, pos, m.pos.Load())
				oldest := max(from, head-driver.Rate)
				var over *ErrOverrun
				switch {
				case pos < oldest:
					if !errors.As(err, &over) || over.Oldest != oldest {
						t.Fatalf("reading %d before %d: %v", pos, oldest, err)
					}
				case err != nil:
					t.Fatal(err)
				default:
					want := model[min(max(pos-from, 0), int64(len(model))):]
					want = want[:min(len(want), len(dst))]
					if !bytes.Equal(dst[:n], want) {
						t.Fatalf("%d bytes from %d differ from what was written", n, pos)
					}
				}
			},
		})
	})
}

// TestReaderNeverGetsAudioThatIsBeingOverwritten reads the oldest second while
// a writer goes round: what is returned without an error is right.
func TestReaderNeverGetsAudioThatIsBeingOverwritten(t *testing.T) {
	var m marks
	r, err := newRing(&m, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.free()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		block := make([]byte, driver.Block)
		for pos := int64(0); ; pos += driver.Block {
			select {
			case <-stop:
				return
			default:
			}
			for i := range block {
				block[i] = pattern(0, pos+int64(i))
			}
			m.writing.Store(pos + driver.Block)
			r.write(pos, block)
			m.pos.Store(pos + driver.Block)
		}
	}()
	for m.pos.Load() < 2*driver.Rate {
		runtime.Gosched()
	}
	dst := make([]byte, driver.Rate)
	good, late := 0, 0
	for good < 2000 {
		pos := r.oldest(m.pos.Load())
		n, err := r.read(dst, pos, m.pos.Load())
		if err != nil {
			late++
			continue
		}
		good++
		for i := range n {
			if dst[i] != pattern(0, pos+int64(i)) {
				t.Fatalf("sample %d is wrong", pos+int64(i))
			}
		}
	}
	close(stop)
	<-stopped
	t.Logf("%d reads good, %d refused", good, late)
}

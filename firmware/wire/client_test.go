package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be a helper of each kind for TestSpawn….
func TestMain(m *testing.M) {
	switch os.Getenv("VAAD_WIRE_HELPER") {
	case "":
		goleak.VerifyTestMain(m)
	case "good":
		serve(os.Stdin, os.Stdout, func(r Request) []Answer {
			return []Answer{{ID: r.ID, Devices: []Device{{ID: "x"}}, Done: true}}
		})
	case "hangs":
		_ = Write(os.Stdout, Answer{Hello: &Hello{Version: Version}})
		select {}
	case "dies":
		os.Stderr.WriteString("out of luck\n")
		os.Exit(3)
	}
}

type reader interface{ Read([]byte) (int, error) }
type writer interface{ Write([]byte) (int, error) }

func serve(r reader, w writer, answer func(Request) []Answer) {
	_ = Write(w, Answer{Hello: &Hello{Version: Version, Program: "test", Images: "/x"}})
	in := NewReader(r)
	for {
		var req Request
		if in.Read(&req) != nil {
			return
		}
		for _, a := range answer(req) {
			if Write(w, a) != nil {
				return
			}
		}
	}
}

// over makes a Helper whose connections end in fn.
func over(fn func(net.Conn)) *Helper {
	return &Helper{dial: func(context.Context) (net.Conn, func(), error) {
		ours, theirs := net.Pipe()
		go func() { defer func() { _ = theirs.Close() }(); fn(theirs) }()
		return ours, func() { _ = ours.Close() }, nil
	}}
}

func answering(answer func(Request) []Answer) *Helper {
	return over(func(c net.Conn) { serve(c, c, answer) })
}

func code(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestALoadTellsItsProgressAndEndsWithTheDevices(t *testing.T) {
	h := answering(func(r Request) []Answer {
		if r.Op != Load || r.Device != "usb:1" {
			t.Errorf("asked %+v", r)
		}
		return []Answer{
			{ID: r.ID, Progress: &Progress{Device: "usb:1", Done: 1, Total: 2}},
			{ID: r.ID + 7, Progress: &Progress{Device: "another request's"}},
			{ID: r.ID, Progress: &Progress{Device: "usb:1", Done: 2, Total: 2}},
			{ID: r.ID, Devices: []Device{{ID: "usb:1", State: Ready}}, Done: true},
		}
	})
	var done []int
	devices, err := h.Load(t.Context(), "usb:1", func(p Progress) { done = append(done, p.Done) })
	if err != nil || len(devices) != 1 || devices[0].State != Ready || len(done) != 2 || done[1] != 2 {
		t.Fatal(devices, done, err)
	}
}

func TestAnErrorOfTheHelperIsTheCallersError(t *testing.T) {
	h := answering(func(r Request) []Answer {
		return []Answer{{ID: r.ID, Error: &Error{Code: ImageChanged, Detail: "fw.hex"}}}
	})
	if _, err := h.Load(t.Context(), "", nil); code(err) != ImageChanged || !strings.Contains(err.Error(), "fw.hex") {
		t.Fatal(err)
	}
}

func TestAHelperThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := over(func(c net.Conn) {
			_ = Write(c, Answer{Hello: &Hello{Version: Version}})
			_, _ = c.Read(make([]byte, 1000))
			_, _ = c.Read(make([]byte, 1)) // until the other side closes
		})
		began := time.Now()
		_, err := h.List(t.Context())
		if code(err) != HelperGone || time.Since(began) != Silence {
			t.Fatal(err, time.Since(began))
		}
	})
}

func TestAHelperThatDoesNotGreetIsGivenUpSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := over(func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
		began := time.Now()
		if _, err := h.List(t.Context()); code(err) != HelperGone || time.Since(began) != dialWait {
			t.Fatal(err, time.Since(began))
		}
	})
}

func TestNothingIsAskedOfAHelperOfAnotherVersion(t *testing.T) {
	for name, hello := range map[string]string{
		"newer":    `{"id":0,"hello":{"version":2}}`,
		"no hello": `{"id":1,"done":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			h := over(func(c net.Conn) {
				_, _ = c.Write([]byte(hello + "\n"))
				if n, _ := c.Read(make([]byte, 1)); n != 0 {
					t.Error("it was asked something")
				}
			})
			if _, err := h.List(t.Context()); code(err) != WrongVersion {
				t.Fatal(err)
			}
		})
	}
}

func TestGarbageAndTooLongLinesEndTheRequest(t *testing.T) {
	for name, said := range map[string]string{
		"garbage":  "\x00\xffhello\n",
		"too long": strings.Repeat("x", MaxLine+1) + "\n",
		"cut off":  `{"id":1,"dev`,
		"nothing":  "",
	} {
		t.Run(name, func(t *testing.T) {
			h := over(func(c net.Conn) {
				_ = Write(c, Answer{Hello: &Hello{Version: Version}})
				_, _ = c.Read(make([]byte, 1000))
				_, _ = c.Write([]byte(said))
			})
			if _, err := h.List(t.Context()); code(err) != HelperGone {
				t.Fatal(err)
			}
		})
	}
}

func TestAWatchThatLosesItsHelperTriesAgainEverMoreSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var tried []time.Duration
		good := false
		h := &Helper{dial: func(context.Context) (net.Conn, func(), error) {
			tried = append(tried, time.Since(began).Round(time.Second))
			if !good {
				return nil, nil, &Error{Code: HelperMissing}
			}
			return over(func(c net.Conn) {
				serve(c, c, func(r Request) []Answer {
					return []Answer{{ID: r.ID, Devices: []Device{{ID: "a"}}}, {ID: r.ID, Devices: []Device{{ID: "a"}}}, {ID: r.ID, Devices: []Device{}}}
				})
			}).dial(t.Context())
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var told [][]Device
		failed := 0
		h.Watch(ctx, func(d []Device, err error) {
			if err != nil {
				if failed++; failed == 8 {
					good = true
				}
				return
			}
			if told = append(told, d); len(told) == 3 {
				cancel()
			}
		})
		want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}
		for i, at := range want {
			if tried[i] != at*time.Second {
				t.Fatalf("tried after %v", tried)
			}
		}
		if len(told[0]) != 1 || len(told[1]) != 1 || len(told[2]) != 0 {
			t.Fatalf("told %v: what is told again is for those who have heard otherwise", told)
		}
	})
}

// As one that a device makes crash, whenever it looks at it.
func TestAHelperThatCrashesAgainAndAgainIsStartedEverMoreSlowly(t *testing.T) {
	for name, tells := range map[string]int{"once it has greeted": 0, "once it has told": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var started atomic.Int32
				h := over(func(c net.Conn) {
					started.Add(1)
					_ = Write(c, Answer{Hello: &Hello{Version: Version}})
					_, _ = c.Read(make([]byte, 1000))
					for range tells {
						_ = Write(c, Answer{ID: 1, Devices: []Device{{ID: "a"}}})
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				h.Watch(ctx, func([]Device, error) {})
				if n := started.Load(); n > 16 { // after 1, 2, 4 … 32 s, then every minute
					t.Errorf("it was started %d times in ten minutes", n)
				}
			})
		})
	}
}

func TestAWatchThatLivedIsBegunAnewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began []time.Duration
		start := time.Now()
		h := over(func(c net.Conn) {
			began = append(began, time.Since(start).Round(time.Second)) // one after the other
			_ = Write(c, Answer{Hello: &Hello{Version: Version}})
			_, _ = c.Read(make([]byte, 1000))
			for range 3 {
				_ = Write(c, Answer{ID: 1, Devices: []Device{{ID: "a"}}})
				time.Sleep(Heartbeat)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Second)
		defer cancel()
		h.Watch(ctx, func([]Device, error) {})
		time.Sleep(3 * Heartbeat) // until the last one is gone
		synctest.Wait()
		if want := []time.Duration{0, 31 * time.Second, 62 * time.Second, 93 * time.Second}; !slices.Equal(began, want) {
			t.Errorf("begun after %v, want %v", began, want)
		}
	})
}

func TestAHelperThatNeverEndsItsListOfImagesFillsNoMemory(t *testing.T) {
	h := over(func(c net.Conn) {
		serve(c, c, func(r Request) []Answer {
			part := Answer{ID: r.ID, Images: make([]Image, 400)}
			return []Answer{part, part, part, part, {ID: r.ID, Done: true}}
		})
	})
	if images, err := h.Verify(t.Context()); err != nil || len(images) != maxImages {
		t.Fatal(len(images), err)
	}
}

func TestAHelperThatTellsTooManyDevicesIsNotBelieved(t *testing.T) {
	h := over(func(c net.Conn) {
		serve(c, c, func(r Request) []Answer {
			return []Answer{{ID: r.ID, Devices: make([]Device, maxDevices+1), Done: true}}
		})
	})
	if devices, err := h.List(t.Context()); err != nil || len(devices) != maxDevices {
		t.Fatal(len(devices), err)
	}
}

func TestARequestEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := over(func(c net.Conn) {
			_ = Write(c, Answer{Hello: &Hello{Version: Version}})
			_, _ = c.Read(make([]byte, 1000))
			_, _ = c.Read(make([]byte, 1))
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.List(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

func TestAStartedProgramIsAskedThroughItsStandardInput(t *testing.T) {
	t.Setenv("VAAD_WIRE_HELPER", "good")
	h := &Helper{Socket: filepath.Join(t.TempDir(), "none.sock"), Program: os.Args[0]}
	devices, err := h.List(t.Context())
	if err != nil || len(devices) != 1 {
		t.Fatal(devices, err)
	}
}

func TestAStartedProgramThatHangsIsKilled(t *testing.T) {
	t.Setenv("VAAD_WIRE_HELPER", "hangs")
	h := &Helper{Program: os.Args[0], Silence: 50 * time.Millisecond}
	if _, err := h.List(t.Context()); code(err) != HelperGone {
		t.Fatal(err)
	} // goleak sees whoever still waits for it
}

func TestWhatAStartedProgramSaysIsLogged(t *testing.T) {
	t.Setenv("VAAD_WIRE_HELPER", "dies")
	said := make(chan string, 10)
	h := &Helper{Program: os.Args[0], Log: func(l string) { said <- l }}
	if _, err := h.List(t.Context()); code(err) != HelperGone {
		t.Fatal(err)
	}
	if l := <-said; l != "out of luck" { // on a slow machine later than the connection ends
		t.Fatal(l)
	}
}

// As one that waits in the kernel for a device, where nothing ends it.
func TestAStartedProgramThatCannotBeEndedKeepsNobodyWaiting(t *testing.T) {
	t.Setenv("VAAD_WIRE_HELPER", "dies")
	release := make(chan struct{})
	h := &Helper{Program: os.Args[0], Log: func(string) { <-release }} // that it has ended is not seen until then
	done := make(chan error, 1)
	go func() {
		_, err := h.List(t.Context())
		done <- err
	}()
	select {
	case err := <-done:
		if code(err) != HelperGone {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it is still waited for")
	}
	close(release)
}

func TestAMissingHelperIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, h := range map[string]*Helper{
		"nothing named":    {},
		"nobody listens":   {Socket: filepath.Join(dir, "none.sock")},
		"no such program":  {Program: filepath.Join(dir, "vaad-usb")},
		"neither is there": {Socket: filepath.Join(dir, "none.sock"), Program: filepath.Join(dir, "vaad-usb")},
	} {
		if _, err := h.List(t.Context()); code(err) != HelperMissing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("{\"id\":1,\"op\":\"list\"}\n[]\nnull\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := NewReader(&chunks{data})
		for range len(data) + 2 {
			var a Answer
			if err := in.Read(&a); err != nil {
				if le := (*LineError)(nil); errors.As(err, &le) {
					continue
				}
				return
			}
			if _, err := json.Marshal(a); err != nil {
				t.Fatal(err)
			}
		}
		t.Fatal("it reads for ever")
	})
}

// chunks gives its bytes in pieces of up to 7.
type chunks struct{ left []byte }

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, errors.New("over")
	}
	n := copy(p, c.left[:min(7, len(c.left))])
	c.left = c.left[n:]
	return n, nil
}

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"vaad/firmware"
	"vaad/firmware/wire"
)

type serveCmd struct{}

// Run ends at the latest a while after its caller is gone: a process that hangs in
// libusb or in the kernel would keep a device from all others.
func (c *serveCmd) Run(ctx context.Context, l *firmware.Loader) error {
	return serve(ctx, l, &ending{os.Stdin, sync.OnceFunc(func() {
		time.AfterFunc(linger, func() {
			l.Log.Error("it hangs, and its caller is gone")
			os.Exit(1)
		})
	})}, os.Stdout)
}

// linger is longer than any load.
const linger = 2 * time.Minute

// An ending tells when there is nothing more to read.
type ending struct {
	io.Reader
	ended func()
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil {
		e.ended()
	}
	return n, err
}

// queued bounds the answers that wait for a caller who does not read.
const queued = 256

// serve answers the requests of one caller, one after the other, until in ends. A
// load that has begun is finished, whether its caller waits for it or not.
func serve(ctx context.Context, l *firmware.Loader, in io.Reader, out io.Writer) error {
	there, left := context.WithCancel(ctx) // while the caller is connected
	defer left()
	s := &session{loader: l, out: make(chan wire.Answer, queued), ending: ctx.Done()}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for a := range s.out {
			if there.Err() == nil && wire.Write(out, a) != nil {
				left() // nobody reads
			}
		}
	}()
	s.say(wire.Answer{Hello: &wire.Hello{Version: wire.Version, Program: version, Images: l.Images}})

	requests := make(chan wire.Request)
	more, over := context.WithCancel(there) // until in ends; what was asked before is still answered
	go func() {
		defer over()
		defer close(requests)
		read(there, in, requests)
	}()
	for {
		select {
		case r, ok := <-requests:
			if ok {
				s.answer(ctx, more, r)
				continue
			}
		case <-ctx.Done():
		}
		close(s.out)
		select {
		case <-written:
		case <-ctx.Done(): // a caller who does not read keeps nobody from ending
		}
		return nil
	}
}

// read hands over requests until in ends. A line that is none becomes a request
// without an Op, whose Device says what is wrong.
func read(ctx context.Context, in io.Reader, requests chan<- wire.Request) {
	lines := wire.NewReader(in)
	for {
		var r wire.Request
		err := lines.Read(&r)
		var wrong *wire.LineError
		switch {
		case errors.As(err, &wrong):
			r = wire.Request{Device: err.Error()}
		case errors.Is(err, wire.ErrTooLong):
			r = wire.Request{Device: err.Error()}
		case err != nil:
			return
		case r.Op == "":
			r = wire.Request{ID: r.ID, Device: "a request without op"}
		}
		select {
		case requests <- r:
		case <-ctx.Done():
			return
		}
		if errors.Is(err, wire.ErrTooLong) {
			return
		}
	}
}

// maxDetail bounds what is said of an error, bytes: a manifest may have very many
// faults, and a message that is too long would not be sent at all.
const maxDetail = 16 << 10

// A session is the conversation with one caller.
type session struct {
	loader *firmware.Loader
	out    chan wire.Answer
	ending <-chan struct{} // of the process
}

// say hands over an answer. It waits for a caller who does not read, until the process ends.
func (s *session) say(a wire.Answer) {
	select {
	case s.out <- a:
		return
	default:
	}
	select {
	case s.out <- a:
	case <-s.ending:
	}
}

func (s *session) fail(id int, err error) {
	var e *wire.Error
	if !errors.As(err, &e) {
		e = &wire.Error{Code: wire.TransferFailed, Detail: err.Error()}
	}
	told := *e
	told.Detail = strings.ToValidUTF8(told.Detail[:min(len(told.Detail), maxDetail)], "")
	s.say(wire.Answer{ID: id, Error: &told})
}

// answer does what one request asks for. Of a load progress is told as long as the
// caller reads it; loading itself waits for nobody. more ends with the caller.
func (s *session) answer(ctx, more context.Context, r wire.Request) {
	var devices []wire.Device
	var err error
	switch r.Op {
	case "":
		err = &wire.Error{Code: wire.BadRequest, Detail: r.Device}
	case wire.List:
		devices, err = s.loader.List()
	case wire.Load:
		devices, err = s.loader.Load(ctx, r.Device, func(p wire.Progress) {
			select {
			case s.out <- wire.Answer{ID: r.ID, Progress: &p}:
			default:
			}
		})
	case wire.Reset:
		devices, err = s.loader.Reset(ctx, r.Device)
	case wire.Watch:
		err = s.loader.Watch(more, func(d []wire.Device) error {
			s.say(wire.Answer{ID: r.ID, Devices: append([]wire.Device{}, d...)})
			return nil
		})
	case wire.Verify:
		s.verify(r.ID)
		return
	default:
		err = &wire.Error{Code: wire.BadRequest, Detail: "unknown op " + string(r.Op)[:min(len(r.Op), 40)]}
	}
	if err != nil {
		s.fail(r.ID, err)
		return
	}
	s.say(wire.Answer{ID: r.ID, Devices: devices, Done: true})
}

// verify answers in parts, since a message has a bound.
func (s *session) verify(id int) {
	const part = 50
	images, err := s.loader.Verify()
	if err != nil {
		s.fail(id, err)
		return
	}
	for len(images) > part {
		s.say(wire.Answer{ID: id, Images: images[:part]})
		images = images[part:]
	}
	s.say(wire.Answer{ID: id, Images: images, Done: true})
}

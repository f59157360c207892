package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	// Heartbeat is how often a helper says something at least while it works on a
	// request or watches; a caller that hears nothing for Silence gives it up.
	Heartbeat = 10 * time.Second
	// Silence is what a Helper bears unless it says otherwise.
	Silence = 30 * time.Second

	dialWait   = 5 * time.Second // for a connection and the Hello
	firstPause = time.Second     // between attempts of Watch, doubled up to longestPause
	longest    = time.Minute

	// More than a helper tells. One that tells without end fills no memory, and does
	// not make the daemon raise alarms without number.
	maxImages  = 1024
	maxDevices = 512
)

// A Helper is where vaad-usb is found. Each request has a connection of its own
// (under systemd a process of its own), so that nothing of a request that hung or
// crashed is left for the next. The zero value of a duration stands for its
// default. Its methods may be called by several goroutines at once; their errors
// are *Error, or the context's.
type Helper struct {
	Socket  string        // that systemd listens on, "/run/vaad-usb.sock"
	Program string        // started where nobody listens on Socket; "" for no
	Args    []string      // of Program; none stands for "serve"
	Silence time.Duration // how long it may say nothing before it is given up
	Log     func(string)  // lines that a started Program writes to standard error; nil for nobody

	dial func(context.Context) (net.Conn, func(), error) // of tests
}

// Hello asks a helper who it is.
func (h *Helper) Hello(ctx context.Context) (Hello, error) {
	var hello Hello
	err := h.ask(ctx, Request{}, func(a Answer) { hello = *a.Hello })
	return hello, err
}

// List returns the telephony devices that are plugged in.
func (h *Helper) List(ctx context.Context) ([]Device, error) {
	return h.devices(ctx, Request{Op: List}, nil)
}

// Load loads firmware into a device, or with "" into all that need it, and
// returns the devices as they are then. progress may be nil.
func (h *Helper) Load(ctx context.Context, device string, progress func(Progress)) ([]Device, error) {
	return h.devices(ctx, Request{Op: Load, Device: device}, progress)
}

// Reset lets the USB port find its device anew, and returns the devices as they
// are then.
func (h *Helper) Reset(ctx context.Context, device string) ([]Device, error) {
	return h.devices(ctx, Request{Op: Reset, Device: device}, nil)
}

// Verify compares the helper's folder of images with its manifest.
func (h *Helper) Verify(ctx context.Context) ([]Image, error) {
	var images []Image
	err := h.ask(ctx, Request{Op: Verify}, func(a Answer) {
		images = append(images, a.Images[:min(len(a.Images), maxImages-len(images))]...)
	})
	return images, err
}

func (h *Helper) devices(ctx context.Context, r Request, progress func(Progress)) ([]Device, error) {
	var devices []Device
	err := h.ask(ctx, r, func(a Answer) {
		if a.Progress != nil && progress != nil {
			progress(*a.Progress)
		}
		if a.Devices != nil {
			devices = a.Devices
		}
	})
	return devices, err
}

// Watch calls told with the devices at once, after each change and at each
// Heartbeat, which corrects whoever has heard otherwise meanwhile, and with an error each time the helper is not to be had; then it tries again, after a second,
// two, four … up to a minute, and after a second again only when it has lived for a
// Heartbeat. It returns when ctx ends.
func (h *Helper) Watch(ctx context.Context, told func([]Device, error)) {
	pause := firstPause
	for {
		began := time.Now()
		err := h.ask(ctx, Request{Op: Watch}, func(a Answer) {
			if time.Since(began) >= Heartbeat { // one that crashes is not started each second
				pause = firstPause
			}
			if a.Hello == nil {
				told(a.Devices, nil)
			}
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = &Error{Code: HelperGone, Detail: "it stopped watching"}
		}
		told(nil, err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longest)
	}
}

// ask makes a connection, sends r and gives every answer that is no error to got,
// the Hello too. A request without Op ends with the Hello.
func (h *Helper) ask(ctx context.Context, r Request, got func(Answer)) error {
	silence := h.Silence
	if silence == 0 {
		silence = Silence
	}
	conn, end, err := h.connect(ctx)
	if err != nil {
		return err
	}
	defer end()
	stop := context.AfterFunc(ctx, end)
	defer stop()
	gone := func(doing string, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			return &Error{Code: HelperGone, Device: r.Device, Detail: fmt.Sprintf("%s: it said nothing for %v", doing, silence)}
		}
		return &Error{Code: HelperGone, Device: r.Device, Detail: doing + ": " + err.Error()}
	}

	in := NewReader(conn)
	_ = conn.SetDeadline(time.Now().Add(dialWait)) // fails only where the connection is closed, which reading tells
	var hello Answer
	if err := in.Read(&hello); err != nil {
		return gone("waiting for its greeting", err)
	}
	switch {
	case hello.Error != nil: // it cannot even begin
		return hello.Error
	case hello.Hello == nil:
		return &Error{Code: WrongVersion, Detail: "it does not greet"}
	case hello.Hello.Version != Version:
		return &Error{Code: WrongVersion, Detail: fmt.Sprintf("it speaks version %d, this program %d", hello.Hello.Version, Version)}
	}
	got(hello)
	if r.Op == "" {
		return nil
	}
	r.ID = 1
	if err := Write(conn, r); err != nil {
		return gone("asking", err)
	}
	for {
		_ = conn.SetDeadline(time.Now().Add(silence))
		var a Answer
		if err := in.Read(&a); err != nil {
			return gone(string(r.Op), err)
		}
		if a.ID != r.ID {
			continue
		}
		if a.Error != nil {
			return a.Error
		}
		a.Devices = a.Devices[:min(len(a.Devices), maxDevices)]
		got(a)
		if a.Done {
			return nil
		}
	}
}

// connect returns a connection and what ends it, which may be called more than once.
func (h *Helper) connect(ctx context.Context) (net.Conn, func(), error) {
	if h.dial != nil {
		return h.dial(ctx)
	}
	why := errors.New("no socket is named")
	if h.Socket != "" {
		var d net.Dialer
		wait, cancel := context.WithTimeout(ctx, dialWait)
		conn, err := d.DialContext(wait, "unix", h.Socket)
		cancel()
		if err == nil {
			return conn, sync.OnceFunc(func() { _ = conn.Close() }), nil
		}
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		why = err
		if h.Program == "" || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, nil, &Error{Code: HelperMissing, Detail: err.Error()}
		}
	}
	if h.Program == "" {
		return nil, nil, &Error{Code: HelperMissing, Detail: why.Error()}
	}
	conn, end, err := h.spawn()
	if err != nil {
		return nil, nil, &Error{Code: HelperMissing, Detail: err.Error()}
	}
	return conn, end, nil
}

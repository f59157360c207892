package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// killWait is how long a program that was killed may take to end.
const killWait = time.Second

// spawn starts the program with a socket as its standard input and output, as
// systemd would. It is killed with the connection, and when this process dies.
func (h *Helper) spawn() (net.Conn, func(), error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("a socket: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "vaad-usb"), os.NewFile(uintptr(pair[1]), "vaad-usb")
	defer func() { _ = theirs.Close() }()
	conn, err := net.FileConn(ours)
	_ = ours.Close() // FileConn has a copy of its own
	if err != nil {
		return nil, nil, fmt.Errorf("a socket: %w", err)
	}
	args := h.Args
	if len(args) == 0 {
		args = []string{"serve"}
	}
	cmd := exec.Command(h.Program, args...)
	cmd.Stdin, cmd.Stdout = theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := cmd.StderrPipe()
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	started := make(chan error)
	kill, ended := make(chan struct{}), make(chan struct{})
	go func() {
		// The kernel sends Pdeathsig when the thread that started the process ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		go func() {
			<-kill
			_ = cmd.Process.Kill() // it may have ended by itself
		}()
		h.listen(said)
		_ = cmd.Wait() // what became of it, its connection has told
	}()
	if err := <-started; err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, sync.OnceFunc(func() {
		_ = conn.Close()
		close(kill)
		select {
		case <-ended:
		case <-time.After(killWait): // it hangs in the kernel, where nothing ends it
		}
	}), nil
}

// listen hands over the lines of standard error, until its end.
func (h *Helper) listen(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if h.Log != nil {
			h.Log(lines.Text())
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long for the scanner must not make it wait
}

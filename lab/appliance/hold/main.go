// Command hold stops one thread of another process, and nothing else of it, for
// the appliance's proofs: a board's loop that is stuck.
//
//	hold [-computing] PID
//
// It takes the thread of the process that runs in real time, as board loops do,
// says "held TID" and holds it until it is killed or the thread is gone. With
// -computing it is led, instruction by instruction, to where it is in no system call:
// on one processor nothing else would meet it there, as it has the higher priority.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hold:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	computing := len(args) > 0 && args[0] == "-computing"
	pid := args[len(args)-1]
	tid, err := realTime(pid)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // who attaches has to be who asks
	if err := syscall.PtraceAttach(tid); err != nil {
		return fmt.Errorf("attach to %d: %w", tid, err)
	}
	if err := stopped(tid); err != nil {
		return err
	}
	for steps := 0; computing; steps++ { // out of the call that it waits in, and into what it does between calls
		if err := syscall.PtraceSingleStep(tid); err != nil {
			return err
		}
		if err := stopped(tid); err != nil {
			return err
		}
		var regs syscall.PtraceRegs
		if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
			return err
		}
		if inCall := int64(regs.Orig_rax) >= 0; steps >= 500 && !inCall {
			break
		}
	}
	fmt.Println("held", tid)
	for { // until the thread is gone
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(tid, &status, syscall.WALL, nil); err != nil || status.Exited() || status.Signaled() {
			return nil
		}
	}
}

// stopped waits until the thread is.
func stopped(tid int) error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(tid, &status, syscall.WALL, nil); err != nil {
		return err
	}
	if !status.Stopped() {
		return fmt.Errorf("thread %d has ended", tid)
	}
	return nil
}

// realTime is the thread of a process that the kernel schedules in real time.
func realTime(pid string) (int, error) {
	stats, _ := filepath.Glob("/proc/" + pid + "/task/*/stat") // the pattern is right
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(after); len(f) > 37 && f[37] != "0" { // 40th of proc(5): the priority in real time
			return strconv.Atoi(filepath.Base(filepath.Dir(name)))
		}
	}
	return 0, fmt.Errorf("process %s has no thread in real time", pid)
}

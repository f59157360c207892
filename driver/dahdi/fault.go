package dahdi

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// Codes of the faults of DAHDI boards and lines; the catalogue has words and
// remedies for each ("fault.CODE").
const (
	CodeNotLoaded    = "dahdi-not-loaded"
	CodePermission   = "dahdi-permission"
	CodeNoCard       = "dahdi-no-card"
	CodeNoDriver     = "dahdi-no-driver"
	CodeUnconfigured = "dahdi-unconfigured"
	CodeBusy         = "dahdi-busy"
	CodeSpanAlarm    = "dahdi-span-alarm"
	CodeRemoved      = "dahdi-removed"
	CodeStopped      = "dahdi-stopped"
	CodeAmbiguous    = "dahdi-ambiguous"
	CodeNotFound     = "dahdi-not-found"
)

func fault(code, format string, args ...any) error {
	return &driver.FaultError{Code: code, Err: fmt.Errorf(format, args...)}
}

// channelFault says why one channel could not be opened.
func channelFault(number int, err error) *driver.FaultError {
	var known *driver.FaultError
	if errors.As(err, &known) {
		return known
	}
	code, remedy := CodeUnconfigured, "run dahdi_cfg and look at what it says"
	switch {
	case errors.Is(err, unix.ENXIO):
		remedy = "the channel has no signalling: name it in /etc/dahdi/system.conf and run dahdi_cfg"
	case errors.Is(err, unix.EBUSY):
		code, remedy = CodeBusy, "another program has it open (see: fuser -v /dev/dahdi/*); end that program, or give the channel to one of the two only"
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.EINVAL):
		code, remedy = CodeRemoved, "the kernel has no such channel any more: the card or its module was removed"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		code, remedy = CodePermission, "this user may not use DAHDI; add it to the group that owns /dev/dahdi/channel"
	case errors.Is(err, unix.ENOENT):
		code, remedy = CodeNotLoaded, "the kernel module dahdi is not loaded; load it with: modprobe dahdi"
	}
	return &driver.FaultError{Code: code, Err: fmt.Errorf("open DAHDI channel %d: %w: %s", number, err, remedy)}
}

// worst is the fault that most of the channels have, said for the board.
func worst(id string, faults []*driver.FaultError) error {
	count := map[string]int{}
	var most *driver.FaultError
	for _, f := range faults {
		if count[f.Code]++; most == nil || count[f.Code] > count[most.Code] {
			most = f
		}
	}
	return fault(most.Code, "open board %q: none of its %d channels could be opened; %w", id, len(faults), most.Err)
}

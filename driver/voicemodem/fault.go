package voicemodem

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// Codes of the faults of voice modems; the catalogue has words and remedies for
// each ("fault.CODE").
const (
	CodeNotFound   = "modem-not-found"
	CodeAmbiguous  = "modem-ambiguous"
	CodePermission = "modem-permission"
	CodeBusy       = "modem-busy"
	CodeSilent     = "modem-silent"
	CodeNoVoice    = "modem-no-voice"
	CodeNoFormat   = "modem-no-format"
	CodeRemoved    = "modem-removed"
	CodeTrouble    = "modem-trouble"
)

func fault(code, format string, args ...any) error {
	return &driver.FaultError{Code: code, Err: fmt.Errorf(format, args...)}
}

// portFault says why a serial port could not be opened.
func portFault(id, path string, err error) error {
	code, remedy := CodeTrouble, "look at the kernel's log"
	switch {
	case errors.Is(err, errLocked), errors.Is(err, unix.EBUSY):
		code, remedy = CodeBusy, "another program has it open (see: fuser -v "+path+"); end that program. ModemManager takes every modem unless it is told not to"
	case errors.Is(err, fs.ErrPermission):
		code, remedy = CodePermission, "this user may not use the port; add it to the group dialout"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EIO):
		code, remedy = CodeNotFound, "the modem is not plugged in, or the kernel's module cdc_acm is not loaded"
	}
	return fault(code, "open board %q: open %s: %w; %s", id, path, err, remedy)
}

// list names candidates for a message.
func list(modems []modem) string {
	var s []string
	for _, m := range modems {
		s = append(s, fmt.Sprintf("%s (%s, %s)", m.id, m.model, m.tty))
	}
	return strings.Join(s, ", ")
}

// goneFor is what Exchange returns when the engine has ended by err.
func goneFor(err error) error { return fmt.Errorf("%w: %w", driver.ErrGone, err) }

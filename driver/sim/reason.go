package sim

import (
	"errors"
	"fmt"
)

// Reasons for which a peer is closed, as the log says them.
var (
	errTooLong = fmt.Errorf("a message is longer than %d bytes", maxMessage)
	errEvents  = fmt.Errorf("more than %d events came without an audio block", maxEvents)
	errSilent  = errors.New("no audio block came in time, and the peers clock waits for every peer")
	errSecond  = errors.New("another peer is on this line already")
)

func errBlock(n int) error {
	return fmt.Errorf("an audio message has %d bytes, not %d", n, audioBytes)
}

func errKind(k byte) error {
	return fmt.Errorf("a message begins with %q; known to the board are 'A' and 'E'", k)
}

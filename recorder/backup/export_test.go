package backup

import (
	"archive/tar"
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// VerifyNoLeaks runs the tests and finds goroutines that were left.
func VerifyNoLeaks(m *testing.M) { goleak.VerifyTestMain(m) }

// NoWaits makes tries follow each other at once.
func (e *Engine) NoWaits() { e.waits = []time.Duration{0, 0} }

// TarTree puts files below a root into an archive, as bundles do.
func TarTree(tw *tar.Writer, root, name string) error {
	return tarTree(context.Background(), tw, root, name)
}

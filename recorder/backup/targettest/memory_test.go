package targettest

import (
	"testing"
	"time"

	"vaad/recorder/backup/target"
)

func TestMemoryIsATarget(t *testing.T) {
	Run(t, func(*testing.T) Place {
		m := NewMemory("memory")
		first := true
		gone := false
		m.Fault = func(string, string, int64) error {
			if gone {
				return target.ErrGone
			}
			return nil
		}
		return Place{
			Open: func(time.Duration) (target.Target, error) {
				if first {
					first = false
					return m, nil
				}
				n := m.Reopen()
				n.Fault = m.Fault
				return n, nil
			},
			Resumes: true,
			Vanish:  func() { gone = true }, Return: func() { gone = false }, Class: target.ErrGone,
		}
	})
}

//go:build lab

package e2e

import (
	"testing"
	"time"
)

// In the machine's virtual time nothing is ever late: here every sample counts.

func TestLabAModemTakesACallAndRecordsEverySample(t *testing.T) {
	modemTakesACall(t, "v253", wholly)
}

func TestLabAModemsClockCostsNoSample(t *testing.T) {
	length := counts(15*time.Second, 15*time.Second, 10*time.Minute)
	for _, ppm := range []float64{80, -80} {
		modemTalksLong(t, ppm, length, wholly)
	}
}

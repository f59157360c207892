package tone

import (
	"errors"
	"strconv"
)

// What DTMF sends where the caller has no wish of its own. The shortest signal
// and pause that a receiver must accept differ from country to country (ITU-T
// Q.24); about 40 ms of each is usual, and these lie well above.
const (
	DTMFLevel = -10.0 // dBm0 of each of the two frequencies
	DTMFOn    = 70    // ms
	DTMFOff   = 70    // ms
)

// Keys are the 16 keys in the order of ITU-T Q.23: rows 697, 770, 852 and
// 941 Hz, columns 1209, 1336, 1477 and 1633 Hz.
const Keys = "123A456B789C*0#D"

// KeyHz returns the two frequencies of a key (ITU-T Q.23).
func KeyHz(key byte) (low, high float64, ok bool) {
	for i := range len(Keys) {
		if Keys[i] == key {
			return [4]float64{697, 770, 852, 941}[i/4], [4]float64{1209, 1336, 1477, 1633}[i%4], true
		}
	}
	return 0, 0, false
}

// DTMF returns the cadence that dials keys: 0…9, *, #, A…D, each on and off for
// so many ms, each of its two frequencies at that level in dBm0.
func DTMF(keys string, dBm0 float64, on, off int) (Cadence, error) {
	c := Cadence{Times: 1}
	for i := range len(keys) {
		low, high, ok := KeyHz(keys[i])
		if !ok {
			return Cadence{}, errors.New("tone: key " + strconv.QuoteRune(rune(keys[i])) + " at " +
				strconv.Itoa(i) + " of " + strconv.Quote(keys) + ": the keys are " + Keys)
		}
		c.Bursts = append(c.Bursts, Burst{Sines: []Sine{{low, dBm0}, {high, dBm0}}, On: on, Off: off})
	}
	return c, nil
}

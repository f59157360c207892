package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"

	"vaad/firmware/emulated"
)

// writeTone writes FILE HZ SECONDS: mono, 16 bits, 8000 in a second.
func writeTone(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("plug tone FILE HZ SECONDS")
	}
	hz, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	seconds, err := strconv.Atoi(args[2])
	if err != nil || seconds < 1 || seconds > 600 {
		return fmt.Errorf("1 to 600 seconds, not %q", args[2])
	}
	samples := emulated.Samples(hz, seconds)
	var b bytes.Buffer
	b.WriteString("RIFF")
	le := binary.LittleEndian
	for _, v := range []any{uint32(36 + 2*len(samples)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(8000), uint32(16000), uint16(2), uint16(16), []byte("data"), uint32(2 * len(samples)), samples} {
		if err := binary.Write(&b, le, v); err != nil {
			return err
		}
	}
	return os.WriteFile(args[0], b.Bytes(), 0o644)
}

// heard tells how far FILE is a tone of HZ, a line for each channel. It reads WAV
// itself: of 16 bits, or a law of G.711.
func heard(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("plug heard FILE HZ")
	}
	hz, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	b, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return fmt.Errorf("%s is no WAV file", args[0])
	}
	var format, channels uint16
	for b = b[12:]; len(b) >= 8; {
		name, n := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		n = min(n, len(b))
		chunk := b[:n]
		b = b[min(len(b), n+n%2):]
		switch {
		case name == "fmt " && n >= 16:
			format, channels = binary.LittleEndian.Uint16(chunk), binary.LittleEndian.Uint16(chunk[2:])
		case name == "data" && channels > 0:
			tones := make([]emulated.Tone, channels)
			for i, v := range emulated.Decode(format, chunk) {
				t := &tones[i%int(channels)]
				t.Hz = hz
				t.Hear(v)
			}
			for i, t := range tones {
				fmt.Printf("channel %d: %v; longest=%d jumps=%d\n", i+1, t, t.Longest/8, t.Jumps)
			}
			return nil
		}
	}
	return fmt.Errorf("%s has no audio", args[0])
}

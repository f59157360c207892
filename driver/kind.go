package driver

import "fmt"

// Kind says what a line is electrically.
type Kind uint8

const (
	FXO   Kind = iota + 1 // faces the exchange or a PBX extension: it hears ringing, it can go off-hook
	FXS                   // faces a telephone: it feeds and rings it
	BChan                 // a 64 kbit/s channel of a digital span
	nKind
)

var kindNames = [nKind]string{FXO: "fxo", FXS: "fxs", BChan: "bchan"}

// Law says how a line's samples are companded (ITU-T G.711).
type Law uint8

const (
	ALaw   Law = iota + 1
	MuLaw      // µ-law
	Linear     // 16 bit, not companded; the recorder compands it itself
	nLaw
)

var lawNames = [nLaw]string{ALaw: "alaw", MuLaw: "ulaw", Linear: "linear"}

// Silence is the code of +0: what an idle line of that law carries.
func (l Law) Silence() byte {
	if l == MuLaw {
		return 0xFF
	}
	return 0xD5
}

// Use says what a line is for.
type Use uint8

const (
	Unused  Use = iota
	Tap         // recorded only: a telephone or PBX in parallel owns the line
	Trunk       // we answer and dial
	Station     // FXS: an agent's telephone
	nUse
)

var useNames = [nUse]string{Unused: "unused", Tap: "tap", Trunk: "trunk", Station: "station"}

// Caps are the powers of a line. A new one goes to the end: frame logs hold the bits.
type Caps uint32

const (
	CapTx         Caps = 1 << iota // can send audio
	CapHook                        // can go off-hook and on-hook
	CapOnHookRx                    // audio is heard while on-hook
	CapRingDetect                  // reports ringing
	CapVolts                       // reports tip-ring voltage every Line.VoltsEvery samples
	CapCurrent                     // reports loop current
	CapPolarity                    // reports polarity reversals
	CapLoopBreak                   // reports breaks of the loop with their length
	CapPulseIn                     // reports pulse-dialled digits
	CapPulseOut                    // can pulse-dial
	CapRing                        // can ring a telephone
	CapOnHookTx                    // can send audio to an on-hook telephone
	CapCAS                         // has signalling bits
	CapEC                          // has an echo canceller
	nCap          = iota
)

var capNames = [nCap]string{"tx", "hook", "onhook-rx", "ring-detect", "volts", "current", "polarity",
	"loop-break", "pulse-in", "pulse-out", "ring", "onhook-tx", "cas", "ec"}

// Has reports whether all of want are there.
func (c Caps) Has(want Caps) bool { return c&want == want }

// List names the powers, in fixed order.
func (c Caps) List() []string {
	var s []string
	for i, n := range capNames {
		if c&(1<<i) != 0 {
			s = append(s, n)
		}
	}
	return s
}

func (k Kind) String() string { return name(kindNames[:], int(k), "kind") }
func (l Law) String() string  { return name(lawNames[:], int(l), "law") }
func (u Use) String() string  { return name(useNames[:], int(u), "use") }

func (k Kind) MarshalText() ([]byte, error)  { return []byte(k.String()), nil }
func (l Law) MarshalText() ([]byte, error)   { return []byte(l.String()), nil }
func (u Use) MarshalText() ([]byte, error)   { return []byte(u.String()), nil }
func (k *Kind) UnmarshalText(b []byte) error { return parse(k, kindNames[:], string(b), "kind") }
func (l *Law) UnmarshalText(b []byte) error  { return parse(l, lawNames[:], string(b), "law") }
func (u *Use) UnmarshalText(b []byte) error  { return parse(u, useNames[:], string(b), "use") }

func name(names []string, i int, what string) string {
	if i < len(names) && names[i] != "" {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", what, i)
}

func parse[T ~uint8](dst *T, names []string, s, what string) error {
	for i, n := range names {
		if n == s && n != "" {
			*dst = T(i)
			return nil
		}
	}
	var known []string
	for _, n := range names {
		if n != "" {
			known = append(known, n)
		}
	}
	return fmt.Errorf("%s %q is not known; use one of %q", what, s, known)
}

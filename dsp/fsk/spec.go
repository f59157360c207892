package fsk

// Spec is a binary FSK modulation: the tone of a 1, the tone of a 0, and how
// many of them follow each other in a second.
type Spec struct {
	Mark, Space float64 // Hz
	Baud        float64
}

// Bell202 is what caller ID uses in North America, China and wherever Bellcore
// GR-30 is followed.
func Bell202() Spec { return Spec{Mark: 1200, Space: 2200, Baud: 1200} }

// V23 is the forward channel of ITU-T V.23, mode 2, which caller ID uses where
// ETSI EN 300 659 is followed.
func V23() Spec { return Spec{Mark: 1300, Space: 2100, Baud: 1200} }

// V21Channel1 and V21Channel2 are the channels of ITU-T V.21. Fax terminals
// send their T.30 control messages in channel 2.
func V21Channel1() Spec { return Spec{Mark: 980, Space: 1180, Baud: 300} }

// V21Channel2: see V21Channel1.
func V21Channel2() Spec { return Spec{Mark: 1650, Space: 1850, Baud: 300} }

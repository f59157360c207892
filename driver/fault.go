package driver

// A FaultError says why a board cannot be opened or has gone, by a stable code
// for which the catalogue has words and a remedy ("fault.CODE"). Drivers make it
// of the error that they met.
type FaultError struct {
	Code string // lower case with dashes, as "dahdi-not-loaded"
	Err  error  // what happened, where and what to do, in English
}

func (e *FaultError) Error() string { return e.Err.Error() }
func (e *FaultError) Unwrap() error { return e.Err }

// A LineFault is a line of an open board that does not work for now: its
// channel belongs to another program, say. It comes and goes while the board is
// open; meanwhile the line is given silence and StateAlarm or ChannelAlarm.
type LineFault struct {
	Line   int    // index into Info.Lines
	Code   string // stable, as in FaultError
	Detail string // in English
}

// Faulter is a board some of whose lines may not work. Faults appends them to
// dst; it may be called from any goroutine, also when the board is closed.
type Faulter interface {
	Faults(dst []LineFault) []LineFault
}

// Counters are what a board has counted since it was opened.
type Counters struct {
	Overruns  uint64         // times that received audio was lost because it was not fetched in time
	Underruns uint64         // times that a line fell silent because nothing was there to be sent
	IRQMisses uint64         // interrupts that the card's own driver missed
	Recovered Recoveries     // attempts to bring back hardware that did not answer
	Spans     []SpanCounters // by index into Info.Spans; analog boards have none
}

// Recoveries are attempts to bring back hardware, by what was tried.
type Recoveries struct{ Ping, Reset, Reopen, USBReset uint64 }

// SpanCounters are what a digital span counts (ITU-T G.704, G.706, G.826; HDLC
// as in Q.921), since its own driver was loaded or since the board was opened.
type SpanCounters struct {
	SyncSource     int    // number of the span that this one takes its clock from, as on the machine; 0: none
	BPV            uint64 // bipolar violations
	CRC            uint64 // CRC-4 (E1) or CRC-6 (T1) errors
	EBit           uint64 // CRC-4 errors that the far end reports
	FAS            uint64 // frame alignment errors
	ErroredSeconds uint64
	Slips          uint64 // controlled slips of the receive buffer
	HDLCAborts     uint64
	HDLCBadFCS     uint64
	HDLCOverruns   uint64
}

// Counting is a board with counters. Counters fills to, reusing its Spans; it
// may be called from any goroutine, also when the board is closed.
type Counting interface {
	Counters(to *Counters)
}

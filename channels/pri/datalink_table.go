package pri

// A LinkInput is what happens to a data link. P and F are the poll and final
// bits; an answer is a response with F set.
type LinkInput uint8

const (
	OnEstablish     LinkInput = iota // DL-ESTABLISH request
	OnRelease                        // DL-RELEASE request
	OnRetry                          // time to try again for a link that is wanted
	OnReceiver                       // our own receiver has become busy, or ready
	OnQueued                         // a message waits and the window is open ("I frame queued up")
	OnAckPending                     // an I frame was taken and not yet acknowledged
	OnT200                           // T200 expired
	OnT200Last                       // T200 expired after N200 transmissions again
	OnT203                           // T203 expired
	OnSABME                          // SABME
	OnSABMEUnwanted                  // SABME for a link that layer 3 does not want
	OnDISC                           // DISC
	OnUA                             // UA, F = 1
	OnUALate                         // UA, F = 1, for a link that is to be released
	OnUAUnasked                      // UA, F = 0
	OnDM                             // DM, F = 1
	OnDMAsks                         // DM, F = 0: establish, please
	OnDMUnwanted                     // the same, for a link that layer 3 does not want
	OnFRMR                           // FRMR
	OnI                              // I frame
	OnIWrong                         // I frame whose N(R) acknowledges what was not sent
	OnRR                             // RR
	OnRRAnswer                       // RR, answer
	OnRNR                            // RNR
	OnRNRAnswer                      // RNR, answer
	OnREJ                            // REJ
	OnREJAnswer                      // REJ, answer
	OnNRError                        // RR, RNR or REJ whose N(R) acknowledges what was not sent
	OnRejected                       // frame rejection condition (Q.921 clause 5.8.5)
	OnUI                             // UI
	nLinkInput
)

var linkInputNames = [nLinkInput]string{"DL-ESTABLISH request", "DL-RELEASE request", "retry", "own receiver", "I frame queued",
	"acknowledge pending", "T200", "T200, N200 times", "T203", "SABME", "SABME, not wanted", "DISC", "UA F=1", "UA F=1, to be released",
	"UA F=0", "DM F=1", "DM F=0", "DM F=0, not wanted", "FRMR", "I", "I, wrong N(R)", "RR", "RR answer", "RNR", "RNR answer", "REJ", "REJ answer",
	"wrong N(R)", "frame rejection", "UI"}

func (in LinkInput) String() string { return linkInputNames[in%nLinkInput] }

// linkStates is a set of LinkState.
type linkStates uint8

func inLink(all ...LinkState) (s linkStates) {
	for _, one := range all {
		s |= 1 << (one - TEIAssigned)
	}
	return s
}

func (s linkStates) has(one LinkState) bool { return s>>(one-TEIAssigned)&1 != 0 }

// A linkRow says: in any of the states from, on that input, do that, in order,
// and go to that state; sameLink stays.
type linkRow struct {
	from linkStates
	on   LinkInput
	to   LinkState
	do   []linkAction
}

const sameLink = endLinkState

type linkAction func(*DataLink)

// linkRows is the whole behaviour of a data link: Q.921 Annex B for an end with a
// TEI, with trying again for a link that is wanted. docs/datalink-states.md is drawn from it.
func linkRows() []linkRow {
	type l = *DataLink
	type do = []linkAction
	var (
		down    = inLink(TEIAssigned)
		coming  = inLink(AwaitingEstablishment)
		going   = inLink(AwaitingRelease)
		normal  = inLink(Established)
		asking  = inLink(TimerRecovery)
		running = normal | asking
		any     = down | coming | going | running
	)
	return []linkRow{
		// The link is made.
		{down, OnEstablish, AwaitingEstablishment, do{l.establish, l.byLayer3}},
		{down, OnRetry, AwaitingEstablishment, do{l.establish, l.byLayer3}},
		{down, OnDMAsks, AwaitingEstablishment, do{l.establish, l.byLayer3}},
		{down, OnSABME, Established, do{l.sendUA, l.begin, l.sayUp}},
		{down, OnSABMEUnwanted, sameLink, do{l.sendDM}},
		{coming, OnEstablish, sameLink, do{l.discard, l.byLayer3}},
		{coming, OnSABME, sameLink, do{l.sendUA}}, // both at once
		{coming, OnUA, Established, do{l.confirm, l.begin}},
		{coming, OnUALate, AwaitingRelease, do{l.release}},
		{coming, OnDM, TEIAssigned, do{l.end}},
		{coming, OnDISC, sameLink, do{l.sendDM}},
		{coming, OnT200, sameLink, do{l.again, l.sendSABME}},
		{coming, OnT200Last, TEIAssigned, do{linkFault('G'), l.end}},
		{running, OnEstablish, AwaitingEstablishment, do{l.discard, l.establish, l.byLayer3}},
		{running, OnSABME, Established, do{l.sendUA, linkFault('F'), l.reset, l.begin}},

		// It is ended.
		{down, OnRelease, sameLink, do{l.endAsAsked}},
		{coming, OnRelease, sameLink, do{l.discard, l.releaseLater}},
		{running, OnRelease, AwaitingRelease, do{l.discard, l.release}},
		{down, OnDISC, sameLink, do{l.sendDM}},
		{going, OnDISC, sameLink, do{l.sendUA}},
		{running, OnDISC, TEIAssigned, do{l.sendUA, l.end}},
		{going, OnUA, TEIAssigned, do{l.endAsAsked}},
		{going, OnDM, TEIAssigned, do{l.endAsAsked}},
		{going, OnSABME, sameLink, do{l.sendDM}},
		{going, OnT200, sameLink, do{l.again, l.sendDISC}},
		{going, OnT200Last, TEIAssigned, do{linkFault('H'), l.endAsAsked}},

		// Messages, and what acknowledges them.
		{any, OnUI, sameLink, do{l.takeUI}},
		{normal, OnQueued, sameLink, do{l.sendI}},
		{running, OnAckPending, sameLink, do{l.acknowledge}},
		{normal, OnI, sameLink, do{l.takeI, l.ackedByI}},
		{asking, OnI, sameLink, do{l.takeI, l.acked}},
		{normal, OnRR, sameLink, do{l.peerReady, l.answer, l.ackedByRR}},
		{normal, OnRRAnswer, sameLink, do{linkFault('A'), l.peerReady, l.ackedByRR}},
		{normal, OnREJ, sameLink, do{l.peerReady, l.answer, l.acked, l.idle, l.sendAgain}},
		{normal, OnREJAnswer, sameLink, do{linkFault('A'), l.peerReady, l.acked, l.idle, l.sendAgain}},
		{normal, OnRNR, sameLink, do{l.peerWaits, l.answer, l.acked, l.watch}},
		{normal, OnRNRAnswer, sameLink, do{linkFault('A'), l.peerWaits, l.acked, l.watch}},
		{running, OnReceiver, sameLink, do{l.tellReceiver}},

		// Nothing is heard: the far end is asked.
		{normal, OnT200, TimerRecovery, do{l.first, l.enquire, l.again}},
		{normal, OnT203, TimerRecovery, do{l.first, l.enquire}},
		{asking, OnT200, sameLink, do{l.enquire, l.again}},
		{asking, OnT200Last, AwaitingEstablishment, do{linkFault('I'), l.establish, l.byItself}},
		{asking, OnRR, sameLink, do{l.peerReady, l.answer, l.acked}},
		{asking, OnREJ, sameLink, do{l.peerReady, l.answer, l.acked}},
		{asking, OnRNR, sameLink, do{l.peerWaits, l.answer, l.acked}},
		{asking, OnRRAnswer, Established, do{l.peerReady, l.acked, l.idle, l.sendAgain}},
		{asking, OnREJAnswer, Established, do{l.peerReady, l.acked, l.idle, l.sendAgain}},
		{asking, OnRNRAnswer, Established, do{l.peerWaits, l.acked, l.watch, l.sendAgain}},

		// What the far end should not have sent.
		{running, OnNRError, AwaitingEstablishment, do{l.answer, linkFault('J'), l.establish, l.byItself}},
		{running, OnIWrong, AwaitingEstablishment, do{l.takeI, linkFault('J'), l.establish, l.byItself}},
		{running, OnFRMR, AwaitingEstablishment, do{linkFault('K'), l.establish, l.byItself}},
		{running, OnDMAsks, AwaitingEstablishment, do{linkFault('E'), l.establish, l.byItself}},
		{normal, OnDM, sameLink, do{linkFault('B')}},
		{asking, OnDM, AwaitingEstablishment, do{linkFault('B'), l.establish, l.byItself}}, // to our enquiry
		{down | running, OnUA, sameLink, do{linkFault('C')}},
		{any, OnUAUnasked, sameLink, do{linkFault('D')}},
		{down | coming | going, OnRejected, sameLink, do{l.faultOfFrame}},
		{running, OnRejected, AwaitingEstablishment, do{l.faultOfFrame, l.establish, l.byItself}},
	}
}

// linkTable finds a row by state and input; a zero entry has no action.
var linkTable = func() (t [nLinkState][nLinkInput]linkRow) {
	for _, r := range linkRows() {
		for s := TEIAssigned; s < endLinkState; s++ {
			if r.from.has(s) {
				t[s-TEIAssigned][r.on] = r
			}
		}
	}
	return t
}()

// step feeds one input to the table, and then what follows from it. It reports
// whether the input had a row.
func (d *DataLink) step(in LinkInput) bool {
	known := d.take(d.narrow(in))
	d.follow()
	return known
}

// follow sends what may now be sent, and acknowledges what that did not.
func (d *DataLink) follow() {
	for d.state == Established && !d.peerBusy && d.sent < min(d.c.K, d.queue.n) {
		d.take(OnQueued)
	}
	if d.ack {
		d.take(OnAckPending)
	}
}

func (d *DataLink) take(in LinkInput) bool {
	r := &linkTable[d.state-TEIAssigned][in]
	if r.do == nil {
		return false
	}
	if r.to != sameLink {
		d.state = r.to
	}
	for _, do := range r.do {
		do(d)
	}
	return true
}

// narrow tells apart what an input means by what is wanted and how often it was tried.
func (d *DataLink) narrow(in LinkInput) LinkInput {
	switch {
	case in == OnSABME && d.state == TEIAssigned && !d.wanted:
		return OnSABMEUnwanted
	case in == OnDMAsks && d.state == TEIAssigned && !d.wanted:
		return OnDMUnwanted
	case in == OnUA && d.state == AwaitingEstablishment && d.releasing:
		return OnUALate
	case in == OnT200 && d.state != Established && d.rc >= d.c.N200:
		return OnT200Last
	}
	return in
}

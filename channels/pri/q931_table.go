package pri

// A callRow says: in any of the states from, on that input, go to that state and
// then do that. What has no row is answered as clause 5.8.4 has it, if it is a
// message, and refused with wrong-state, if it is a wish.
type callRow struct {
	from callStates
	on   input
	to   callState // sameState: stay in whichever state it was
	do   func(*Stack, *leg, *cue)
}

const sameState = callState(nCallState)

// ways are the states of a call that is being set up, of the side that has sent
// SETUP and of the one that has got it.
type ways struct{ present, overlap, proceeding, delivered callState }

func (w ways) all() callStates { return in(w.present, w.overlap, w.proceeding, w.delivered) }

var (
	byUser    = ways{qInitiated, qOverlapSending, qOutgoingProceeding, qDelivered}
	byNetwork = ways{qPresent, qOverlapReceiving, qIncomingProceeding, qReceived}
)

// sent are the states of calls that a side sets up, got those of the far end's.
func (s Side) sent() ways {
	if s == User {
		return byUser
	}
	return byNetwork
}
func (s Side) got() ways { return s.Other().sent() }

// callRows is the whole behaviour of one side. It has the same rows on both, as
// annex D has it, but for CONNECT: the user's waits for CONNECT ACKNOWLEDGE, the
// network's is active at once (clauses 5.1.8 and 5.2.8). docs/q931-states.md is drawn
// from it.
func callRows(side Side) []callRow {
	var (
		out, inc    = side.sent(), side.got()
		connected   = qActive
		cleared     = qDisconnectIndicate // DISCONNECT was sent
		awaitingAck = in()
	)
	if side == User {
		connected, cleared, awaitingAck = qConnectRequest, qDisconnectRequest, in(qConnectRequest)
	}
	var (
		overlap   = in(out.overlap, inc.overlap)
		answering = in(inc.present, inc.overlap, inc.proceeding, inc.delivered)
		alive     = out.all() | inc.all() | awaitingAck | in(qActive)
		clearing  = in(cleared, qReleaseRequest)
		all       = alive | clearing
	)
	rows := []callRow{
		// We call.
		{in(qNull), wantSetup, out.present, (*Stack).sendSetup},
		{in(out.present), dueT303, sameState, (*Stack).repeatSetup},
		{in(out.present), dueT303Again, qNull, (*Stack).giveUpSetup},
		{in(out.present), gotSetupAck, out.overlap, (*Stack).takeSetupAck},
		{in(out.present, out.overlap), gotProceeding, out.proceeding, (*Stack).takeProceeding},
		{in(out.present, out.overlap, out.proceeding), gotAlerting, out.delivered, (*Stack).takeAlerting},
		{out.all(), gotConnect, qActive, (*Stack).takeConnect},
		{out.all(), gotBadChannel, qReleaseRequest, (*Stack).releaseChannel},
		{in(out.present), gotTaken, sameState, (*Stack).setupElsewhere},
		{out.all(), gotProgress, sameState, (*Stack).takeProgress},
		{in(out.present), wantDigits, sameState, (*Stack).keepDigits},
		{in(out.overlap), wantDigits, sameState, (*Stack).sendDigits},
		{in(out.overlap), dueT304, cleared, (*Stack).disconnectLate},
		{in(out.proceeding), dueT310, cleared, (*Stack).disconnectLate},
		{in(out.delivered), dueT301, cleared, (*Stack).disconnectUnanswered},
		{in(out.overlap, out.proceeding, out.delivered), gotInformation, sameState, (*Stack).takeNotice},

		// The far end calls.
		{in(qNull), gotSetup, inc.present, (*Stack).takeWhole},
		{in(qNull), gotSetupPart, inc.overlap, (*Stack).takePart},
		{in(inc.overlap), gotInformation, sameState, (*Stack).takeDigits},
		{in(inc.overlap), dueT302, inc.proceeding, (*Stack).completeAndProceed},
		{in(inc.overlap), dueT302Part, cleared, (*Stack).disconnectIncomplete},
		{in(inc.present, inc.overlap), dueProceed, inc.proceeding, (*Stack).sendProceeding},
		{in(inc.present, inc.overlap), wantProceed, inc.proceeding, (*Stack).sendProceeding},
		{in(inc.present), wantProgress, inc.proceeding, (*Stack).sendProceeding},
		{in(inc.overlap, inc.proceeding, inc.delivered), wantProgress, sameState, (*Stack).sendProgress},
		{in(inc.present, inc.overlap, inc.proceeding), wantAlert, inc.delivered, (*Stack).sendAlerting},
		{answering, wantConnect, connected, (*Stack).sendConnect},
		{in(inc.proceeding, inc.delivered), gotInformation, sameState, (*Stack).nothing}, // digits that come late
		{in(inc.proceeding, inc.delivered), wantProceed, sameState, (*Stack).nothing},
		{in(inc.delivered), wantAlert, sameState, (*Stack).nothing},

		// It is up.
		{in(qActive), gotConnectAck, sameState, (*Stack).takeConnectAck},
		{in(qActive), gotProgress, sameState, (*Stack).takeProgress},
		{in(qActive), gotInformation, sameState, (*Stack).takeKeys},
		{in(qActive), wantDigits, sameState, (*Stack).sendKeys},
		{in(qActive), wantHold, sameState, (*Stack).sendHold},
		{in(qActive), wantRetrieve, sameState, (*Stack).sendRetrieve},
		{in(qActive), gotHold, sameState, (*Stack).takeHold},
		{in(qActive), gotHoldAck, sameState, (*Stack).takeHoldAck},
		{in(qActive), gotHoldReject, sameState, (*Stack).takeHoldReject},
		{in(qActive), gotRetrieve, sameState, (*Stack).takeRetrieve},
		{in(qActive), gotRetrieveAck, sameState, (*Stack).takeRetrieveAck},
		{in(qActive), gotRetrieveRej, sameState, (*Stack).takeHoldReject},

		// It ends.
		{in(inc.present), wantClear, qNull, (*Stack).refuse},
		{alive &^ in(inc.present), wantClear, cleared, (*Stack).disconnect},
		{alive | in(cleared), gotDisconnect, qReleaseRequest, (*Stack).takeDisconnect},
		{in(cleared), dueT305, qReleaseRequest, (*Stack).releaseAnyway},
		{alive | in(cleared), gotRelease, qNull, (*Stack).takeRelease},
		{in(qReleaseRequest), gotRelease, qNull, (*Stack).takeEnd}, // both at once: clause 5.3.5
		{all, gotComplete, qNull, (*Stack).takeEnd},
		{in(qReleaseRequest), dueT308, sameState, (*Stack).repeatRelease},
		{in(qReleaseRequest), dueT308Again, qNull, (*Stack).restartSlot},
		{in(qReleaseRequest), gotDisconnect, sameState, (*Stack).nothing},
		{clearing, gotInformation, sameState, (*Stack).nothing},   // charges
		{in(cleared), gotConnectAck, sameState, (*Stack).nothing}, // it crosses DISCONNECT
		{clearing, wantClear, sameState, (*Stack).nothing},

		// What is always welcome.
		{all &^ in(out.present), gotNotify, sameState, (*Stack).takeNotify},
		{all, gotFacility, sameState, (*Stack).takeFacility},
		{all &^ in(qReleaseRequest), gotUserInfo, sameState, (*Stack).nothing},
		{all, gotCongestion, sameState, (*Stack).nothing},
		{all, gotEnquiry, sameState, (*Stack).sendStatus},

		// The two sides disagree, or cannot talk.
		{all, gotStatus, sameState, (*Stack).takeStatus},
		{all, gotStatusNull, qNull, (*Stack).takeLoss},
		{alive, gotStatusOther, qReleaseRequest, (*Stack).releaseConfused},
		{clearing, gotStatusOther, sameState, (*Stack).nothing},
		{alive, dueT322, qReleaseRequest, (*Stack).releaseSilent},
		{overlap, linkReset, cleared, (*Stack).disconnectDisturbed},
		{all &^ overlap, linkReset, sameState, (*Stack).enquire},
		{all &^ in(qActive), linkFailed, qNull, (*Stack).loseLink},
		{in(qActive), linkFailed, sameState, (*Stack).nothing}, // until T309
	}
	if side == User {
		rows = append(rows,
			callRow{in(qConnectRequest), gotConnectAck, qActive, (*Stack).takeConnectAck},
			callRow{in(qConnectRequest), dueT313, qDisconnectRequest, (*Stack).disconnectLate},
			callRow{in(qConnectRequest), gotInformation, sameState, (*Stack).nothing})
	}
	return rows
}

// callTable finds a row by state and input; a zero entry has no action.
type callTable [nCallState][nInputs]callRow

func makeCallTable(side Side) *callTable {
	t := &callTable{}
	for _, r := range callRows(side) {
		for s := range callState(nCallState) {
			if r.from.has(s) {
				t[s][r.on] = r
			}
		}
	}
	return t
}

// step feeds one input to the table, and reports whether it has a row for it.
func (s *Stack) step(l *leg, on input, c *cue) bool {
	r := &s.table[l.state][on]
	if r.do == nil {
		return false
	}
	if r.to != sameState && r.to != l.state {
		l.state = r.to
		l.stop()
	}
	r.do(s, l, c)
	if l.state == qNull {
		s.forget(l)
	}
	return true
}

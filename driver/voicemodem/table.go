package voicemodem

// state is what the modem is doing, as far as we know.
type state uint8

const (
	stIdle      state = iota // on-hook, voice commands
	stChecking               // idle: whether it still answers
	stSeizing                // off-hook was asked for
	stJoining                // full duplex was asked for
	stTuning                 // half duplex: receiving was asked for
	stTaking                 // half duplex: sending was asked for
	stTalking                // full duplex
	stListening              // half duplex, receiving
	stSending                // half duplex, sending
	stTurning                // half duplex: receiving is being ended, sending follows
	stReturning              // half duplex: sending is being ended, receiving follows
	stPausing                // audio is being ended for a flash
	stFlashing               // the hook is flashed
	stLeaving                // audio is being ended, on-hook follows
	stCut                    // the modem has ended audio itself and may say why
	stReleasing              // on-hook was asked for
	stPinging                // it did not answer: it is asked again
	stMending                // it is being reset; over before anything else happens
	stGone                   // nothing helped
	nState
)

var stateNames = [nState]string{"idle", "checking", "seizing", "joining", "tuning", "taking", "talking", "listening", "sending", "turning",
	"returning", "pausing", "flashing", "leaving", "cut", "releasing", "pinging", "mending", "gone"}

func (s state) String() string { return stateNames[s] }

// input is what may happen.
type input uint8

const (
	inSeize   input = iota // the line is wanted
	inDrop                 // it is not wanted any more
	inFlash                // a flash is wanted
	inTalk                 // half duplex: there is something to send
	inQuiet                // half duplex: there is nothing more
	inHalf                 // it is known that the modem cannot send and receive at once
	inCheck                // nothing was heard of the modem for long
	inDoubt                // it has refused what it had agreed to when it was set up
	inOK                   // OK, VCON
	inError                // ERROR
	inConnect              // CONNECT: audio from here on
	inLost                 // NO CARRIER, BUSY, NO DIALTONE, NO ANSWER
	inEnd                  // the end of audio
	inTimeout              // no answer
	inSilent               // no audio comes
	inMended               // it answers again
	inDead                 // nothing helped
	nInput
)

var inputNames = [nInput]string{"seize", "drop", "flash", "talk", "quiet", "half", "check", "doubt", "ok", "error", "connect", "lost", "end", "timeout",
	"silent", "mended", "dead"}

func (i input) String() string { return inputNames[i] }

// A row says: in any of the states from, on that input, go to that state and do that.
type row struct {
	from stateSet
	on   input
	to   state
	do   func(*engine)
}

type stateSet uint32

func in(ss ...state) (x stateSet) {
	for _, s := range ss {
		x |= 1 << s
	}
	return x
}

func (x stateSet) has(s state) bool { return x&(1<<s) != 0 }

// rows is the whole behaviour of the machine. An input without a row is nothing
// to its state. docs/voicemodem-states.md is drawn from it.
func rows() []row {
	var (
		audio = in(stTalking, stListening, stSending)
		// An answer is waited for, the line is ours.
		asked = in(stJoining, stTuning, stTaking, stTurning, stReturning, stPausing, stFlashing, stLeaving)
	)
	return []row{
		// The line is taken.
		{in(stIdle), inSeize, stSeizing, (*engine).askSeize},
		{in(stSeizing), inOK, stJoining, (*engine).seized},
		{in(stSeizing), inError, stReleasing, (*engine).notKnown},
		{in(stSeizing), inLost, stReleasing, (*engine).notSeized},

		// Audio begins, in one direction where the modem cannot both.
		{in(stJoining), inConnect, stTalking, (*engine).talk},
		{in(stJoining), inError, stTuning, (*engine).halfOnly},
		{in(stJoining), inOK, stJoining, (*engine).await}, // a late answer to what was asked before
		{in(stJoining), inHalf, stTuning, (*engine).askListen},
		{in(stTuning), inConnect, stListening, (*engine).listen},
		{in(stTuning), inError, stReleasing, (*engine).noVoice},
		{in(stTaking), inConnect, stSending, (*engine).send},
		{in(stTaking), inError, stTuning, (*engine).notSending},

		// Half duplex turns round.
		{in(stListening), inTalk, stTurning, (*engine).askEnd},
		{in(stTurning), inOK, stTaking, (*engine).askSend},
		{in(stSending), inQuiet, stReturning, (*engine).askEnd},
		{in(stReturning), inOK, stTuning, (*engine).askListen},

		// A flash.
		{audio, inFlash, stPausing, (*engine).askEnd},
		{in(stPausing), inOK, stFlashing, (*engine).askFlash},
		{in(stFlashing), inOK, stJoining, (*engine).flashed},
		{in(stFlashing), inError, stJoining, (*engine).notFlashed},

		// The line is given back.
		{audio, inDrop, stLeaving, (*engine).askEnd},
		{in(stTurning, stReturning, stPausing), inDrop, stLeaving, (*engine).leave},
		{in(stCut), inDrop, stReleasing, (*engine).askRelease},
		{in(stLeaving), inOK, stReleasing, (*engine).askRelease},
		{in(stLeaving), inError, stReleasing, (*engine).askRelease},
		{in(stReleasing), inOK, stIdle, (*engine).released},
		{in(stReleasing), inError, stReleasing, (*engine).releaseOtherwise},

		// The modem ends audio, or the call, itself.
		{audio, inEnd, stCut, (*engine).cut},
		{in(stCut), inOK, stJoining, (*engine).resume},
		{in(stCut), inTimeout, stJoining, (*engine).resume},
		{in(stCut) | audio | asked, inLost, stReleasing, (*engine).hungUp},

		// It does not answer.
		{in(stIdle), inCheck, stChecking, (*engine).ping},
		{in(stChecking), inOK, stIdle, (*engine).stay},
		{in(stChecking), inError, stIdle, (*engine).stay},
		{in(stTurning, stReturning, stPausing, stLeaving), inTimeout, same, (*engine).endOtherwise},
		{in(stChecking, stSeizing, stJoining, stTuning, stTaking, stFlashing, stReleasing), inTimeout, stPinging, (*engine).ailing},
		{in(stTurning, stReturning, stPausing, stLeaving), inSilent, stPinging, (*engine).ailing},
		{audio, inSilent, stPinging, (*engine).ailing},
		{in(stPinging), inOK, stReleasing, (*engine).askRelease},
		{in(stPinging), inError, stReleasing, (*engine).askRelease},
		{in(stPinging), inTimeout, same, (*engine).pingAgain},
		{in(stPinging), inSilent, stMending, (*engine).mend},
		{in(stIdle), inDoubt, stMending, (*engine).setUpAgain}, // it may have been reset, by its power or by itself
		{in(stMending), inMended, stIdle, (*engine).released},
		{in(stMending), inDead, stGone, (*engine).dead},
	}
}

// same stands in rows for the state there was.
const same = nState

// newTable makes what finds a row by state and input; a zero entry has no action.
func newTable() *[nState][nInput]row {
	t := new([nState][nInput]row)
	for _, r := range rows() {
		for s := range nState {
			if r.from.has(s) {
				t[s][r.on] = r
			}
		}
	}
	return t
}

// step feeds one input to the table.
func (e *engine) step(on input) {
	r := &e.table[e.state][on]
	if r.do == nil {
		return
	}
	if r.to != same && r.to != e.state {
		e.log.Debug("modem", "board", e.id, "from", e.state.String(), "on", on.String(), "to", r.to.String())
		e.state = r.to
	}
	e.due = never
	r.do(e)
}

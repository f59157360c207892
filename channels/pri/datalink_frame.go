package pri

import "errors"

// Frame takes one frame of the far end, without flags and FCS.
func (d *DataLink) Frame(o *LinkOut, frame []byte, now int64) {
	d.out, d.now = o, now
	f, err := ParseFrame(frame)
	switch {
	case errors.Is(err, errShort), frame[0]&1 != 0, frame[1]&1 == 0:
		d.counts.Invalid++
		return
	case f.SAPI != 0 || f.TEI != 0 || f.Kind == XID:
		d.counts.Ignored++
		return
	}
	command := f.CR == (d.c.Side == User) // Q.921 table 1: the network's commands have it set
	if is, known := f.Kind.command(); known && is != command {
		d.counts.Reversed++
		return
	}
	d.counts.Received++
	d.frame, d.asks = f, command && f.PF
	if d.code = d.reject(); d.code != 0 {
		d.step(OnRejected)
	} else if !d.step(d.means(command)) {
		d.counts.Unexpected++
	}
	d.frame = Frame{}
}

// reject is the code of what makes the frame one to be rejected; 0: nothing.
func (d *DataLink) reject() LinkError {
	n := len(d.frame.Info)
	switch d.frame.Kind {
	case 0:
		return 'L'
	case I, UI:
		if n > d.c.N201 {
			return 'O'
		}
	case FRMR:
		if n != 5 { // Q.921 clause 3.6.11
			return 'N'
		}
	default:
		if n > 0 {
			return 'M'
		}
	}
	return 0
}

// means is the input that a frame is to the table.
func (d *DataLink) means(command bool) LinkInput {
	f := &d.frame
	plain := func(set, clear LinkInput) LinkInput {
		if f.PF {
			return set
		}
		return clear
	}
	supervisory := func(answer, other LinkInput) LinkInput {
		switch {
		case !d.valid():
			return OnNRError
		case f.PF && !command:
			return answer
		}
		return other
	}
	switch f.Kind {
	case SABME:
		return OnSABME
	case DISC:
		return OnDISC
	case UA:
		return plain(OnUA, OnUAUnasked)
	case DM:
		return plain(OnDM, OnDMAsks)
	case FRMR:
		return OnFRMR
	case UI:
		return OnUI
	case RR:
		return supervisory(OnRRAnswer, OnRR)
	case RNR:
		return supervisory(OnRNRAnswer, OnRNR)
	case REJ:
		return supervisory(OnREJAnswer, OnREJ)
	}
	if !d.valid() {
		return OnIWrong
	}
	return OnI
}

// valid reports whether N(R) lies between V(A) and V(S).
func (d *DataLink) valid() bool { return int(d.frame.NR-d.va)&127 <= d.sent }

// send sends a frame without an information field.
func (d *DataLink) send(k FrameKind, command, pf bool) {
	p := byte(0)
	if pf {
		p = 1
	}
	c := [2]byte{linkControl[k], d.vr<<1 | p}
	if k != RR && k != RNR && k != REJ {
		c[0] |= p << 4
		d.emit(command, c[:1], nil)
		return
	}
	d.emit(command, c[:], nil)
}

func (d *DataLink) emit(command bool, control, info []byte) {
	a := [2]byte{0, 1} // SAPI 0, TEI 0
	if command == (d.c.Side == Network) {
		a[0] = 2
	}
	d.out.Frames = linkAppend(d.out.Frames, a[:], control, info)
	d.counts.Sent++
}

// linkControl are the first octets of control fields, P/F clear (Q.921 table 5).
var linkControl = [nFrame]byte{RR: 0x01, RNR: 0x05, REJ: 0x09, SABME: 0x6F, DM: 0x0F, DISC: 0x43, UA: 0x63}

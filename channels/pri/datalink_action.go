package pri

// The actions of the data link's table, named after the steps of Q.921 Annex B.

// establish is "establish data link".
func (d *DataLink) establish() {
	d.clear()
	d.rc, d.releasing = 0, false
	d.retry, d.t203 = linkNever, linkNever
	d.sendSABME()
}

func (d *DataLink) byLayer3() { d.initiated, d.releasing = true, false }
func (d *DataLink) byItself() { d.initiated = false }

// clear is "clear exception conditions". Our own receiver stays busy, since its
// owner has not said otherwise.
func (d *DataLink) clear() { d.peerBusy, d.rejected, d.ack = false, false, false }

// begin makes the numbers and timers those of a new link.
func (d *DataLink) begin() {
	d.clear()
	d.va, d.vr, d.sent, d.reached = 0, 0, 0, 0
	d.initiated, d.releasing = false, false
	d.retry = linkNever
	d.idle()
	if d.busy {
		d.tellReceiver()
	}
}

// confirm ends the wait for UA: layer 3 is told when it has asked, or when it
// has lost messages.
func (d *DataLink) confirm() {
	if d.initiated {
		d.sayUp()
		return
	}
	d.reset()
}

// reset discards the messages, and tells so, if some may or may not have arrived.
func (d *DataLink) reset() {
	if d.sent > 0 {
		d.discard()
		d.sayUp()
	}
}

func (d *DataLink) sayUp() { d.out.Up, d.told = true, true }

func (d *DataLink) discard() {
	d.queue.drop(d.queue.n)
	d.sent, d.reached = 0, 0
}

// end tells layer 3, if it believes otherwise, that the link is down, and waits
// to try again if it is wanted.
func (d *DataLink) end() {
	if d.told || d.releasing {
		d.out.Down = true
	}
	d.discard()
	d.clear()
	d.told, d.initiated, d.releasing = false, false, false
	d.t200, d.t203, d.retry = linkNever, linkNever, linkNever
	if d.wanted {
		d.retry = d.now + d.c.T200
	}
}

func (d *DataLink) endAsAsked() {
	d.releasing = true
	d.end()
}

func (d *DataLink) releaseLater() { d.releasing = true }

func (d *DataLink) release() {
	d.rc, d.releasing = 0, true
	d.t203 = linkNever
	d.sendDISC()
}

// idle: nothing of ours waits for an answer.
func (d *DataLink) idle() { d.t200, d.t203 = linkNever, d.now+d.c.T203 }

// watch: the far end is busy, or owes an acknowledgement.
func (d *DataLink) watch() { d.t200, d.t203 = d.now+d.c.T200, linkNever }

func (d *DataLink) first() { d.rc = 0 }
func (d *DataLink) again() { d.rc++ }

func (d *DataLink) sendSABME() {
	d.send(SABME, true, true)
	d.t200 = d.now + d.c.T200
}

func (d *DataLink) sendDISC() {
	d.send(DISC, true, true)
	d.t200 = d.now + d.c.T200
}

func (d *DataLink) sendUA() { d.send(UA, false, d.frame.PF) }
func (d *DataLink) sendDM() { d.send(DM, false, d.frame.PF) }

// enquire is "transmit enquiry".
func (d *DataLink) enquire() {
	d.send(d.readiness(), true, true)
	d.ack = false
	d.watch()
}

// answer is "enquiry response", if the frame asks for one.
func (d *DataLink) answer() {
	if d.asks {
		d.send(d.readiness(), false, true)
		d.ack = false
	}
}

func (d *DataLink) acknowledge() {
	d.send(d.readiness(), false, false)
	d.ack = false
}

// tellReceiver says whether our own receiver is busy.
func (d *DataLink) tellReceiver() { d.acknowledge() }

// readiness is the frame that says whether our receiver is busy.
func (d *DataLink) readiness() FrameKind {
	if d.busy {
		return RNR
	}
	return RR
}

// sendI sends the first message of the queue that is not sent yet.
func (d *DataLink) sendI() {
	ns := d.va + byte(d.sent)
	d.emit(true, []byte{ns << 1, d.vr << 1}, d.queue.at(d.sent))
	if d.sent < d.reached {
		d.counts.Repeated++
	}
	d.sent++
	d.reached = max(d.reached, d.sent)
	d.ack = false
	if d.t200 == linkNever {
		d.watch()
	}
}

// takeI takes the message of an I frame, or asks for the one that is missing.
func (d *DataLink) takeI() {
	switch {
	case d.busy:
		d.answer()
	case d.frame.NS == d.vr:
		d.vr = (d.vr + 1) & 127
		d.rejected = false
		d.out.Messages = linkAppend(d.out.Messages, d.frame.Info)
		d.ack = true
		d.answer()
	case d.rejected:
		d.answer()
	default:
		d.rejected = true
		d.send(REJ, false, d.frame.PF)
		d.ack = false
	}
}

func (d *DataLink) takeUI() { d.out.UI = linkAppend(d.out.UI, d.frame.Info) }

func (d *DataLink) peerReady() { d.peerBusy = false }
func (d *DataLink) peerWaits() { d.peerBusy = true }

// acked takes what N(R) acknowledges out of the queue: V(A) = N(R).
func (d *DataLink) acked() { d.takeNR() }

func (d *DataLink) takeNR() (n int) {
	n = int(d.frame.NR-d.va) & 127
	d.queue.drop(n)
	d.va = d.frame.NR
	d.sent -= n
	d.reached = max(0, d.reached-n)
	return n
}

// ackedByRR goes on with the timers as an acknowledgement lets them.
func (d *DataLink) ackedByRR() {
	n := d.takeNR()
	switch {
	case d.sent == 0:
		d.idle()
	case n > 0:
		d.watch()
	}
}

// ackedByI is the same, but an I frame does not say that the far end is ready.
func (d *DataLink) ackedByI() {
	if d.peerBusy {
		d.acked()
		return
	}
	d.ackedByRR()
}

// sendAgain is "invoke retransmission": what is not acknowledged is sent again.
func (d *DataLink) sendAgain() { d.sent = 0 }

func linkFault(code LinkError) linkAction {
	return func(d *DataLink) { d.out.Errors = append(d.out.Errors, code) }
}

func (d *DataLink) faultOfFrame() { d.out.Errors = append(d.out.Errors, d.code) }

package emulator

import (
	"math"
	"strings"

	"vaad/dsp"
)

// voice takes a byte of voice data; false means that it must wait.
func (m *modem) voice(c byte) bool {
	if m.ended {
		return false
	}
	if !m.behind {
		if c == dle {
			m.behind = true
			return true
		}
		return m.push(c)
	}
	switch c {
	case dle:
		if !m.push(dle) {
			return false
		}
	case sub:
		if !m.push(dle, dle) {
			return false
		}
	case can:
		m.tx = m.tx[:0]
	case 'p', 'r':
		m.held = c == 'p'
	case 'u', 'd':
		n := m.set.numbers["+VGT"]
		if c == 'u' {
			n[0] = min(255, n[0]+8)
		} else {
			n[0] = max(0, n[0]-8)
		}
	default:
		m.leave(c)
	}
	m.behind = false
	return true
}

// leave is a code that may end the voice data.
func (m *modem) leave(c byte) {
	switch {
	case m.mode == sending && c == etx:
		m.ended = true
	case m.mode == receiving && strings.IndexByte(m.chip.endReceive, c) >= 0:
		m.finishVoice(m.chip.voiceEnd)
	case m.mode == both && strings.IndexByte(m.chip.endDuplex, c) >= 0:
		m.finishVoice("OK")
	}
}

func (m *modem) finishVoice(result string) {
	if m.mode != sending {
		m.emit(dle, etx)
	}
	m.mode, m.pcm = commands, m.pcm[:0]
	m.stop()
	m.result(result)
}

// push files voice data for the line. Where a modem stops the host it waits, where
// none does it is lost.
func (m *modem) push(b ...byte) bool {
	if m.mode == receiving {
		return true
	}
	if len(m.tx)+len(b) > m.chip.txRoom {
		if m.chip.flow && m.set.numbers["+IFC"][1] != 0 {
			return false
		}
		m.lost = true
		m.Counters.Overruns += int64(len(b))
		return true
	}
	m.tx = append(m.tx, b...)
	return true
}

// carry moves 20 ms of voice data both ways.
func (m *modem) carry(rx, tx []int16) {
	if m.mode == receiving || m.mode == both {
		m.record(rx)
	}
	if m.mode == sending || m.mode == both {
		m.play(tx)
	}
	if m.chip.echo > 0 {
		m.back = append(m.back[:0], tx...)
	}
	if !m.hook {
		clear(tx) // a loudspeaker, if anything
	}
}

// record gives the host what the line says.
func (m *modem) record(rx []int16) {
	pcm := make([]int16, len(rx))
	if m.hook {
		copy(pcm, rx)
		if m.chip.echo > 0 && len(m.back) == len(pcm) { // the hybrid gives back what was sent a block ago
			for i, s := range m.back {
				pcm[i] = clip(float64(pcm[i]) + float64(s)*math.Pow(10, -float64(m.chip.echo)/20))
			}
		}
		louder(pcm, decibels(m.set.numbers["+VGR"][0]))
	}
	m.data = m.coder.encode(m.data[:0], pcm)
	if len(m.out)+2*len(m.data) > m.chip.rxRoom {
		m.Counters.Overruns += int64(len(m.data))
		m.lost = true
		return
	}
	if m.lost {
		m.lost = false
		m.event('o')
	}
	m.Counters.Said += int64(len(rx))
	m.shield(m.data)
	if c := m.quiet.take(pcm, m.pos, m.set.numbers["+VSD"]); c != 0 {
		m.event(c)
	}
}

// shield sends voice data, <DLE> twice.
func (m *modem) shield(b []byte) {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != dle:
			m.emit(b[i])
		case m.chip.substitute && i+1 < len(b) && b[i+1] == dle:
			m.emit(dle, sub)
			i++
		default:
			m.emit(dle, dle)
		}
	}
}

// play gives the line what the host has sent.
func (m *modem) play(tx []int16) {
	if m.held {
		return
	}
	for len(m.pcm) < len(tx) {
		n := min(m.coder.need(len(tx)-len(m.pcm)), len(m.tx)/m.coder.width()*m.coder.width())
		if n == 0 {
			break
		}
		m.pcm = m.coder.decode(m.pcm, m.tx[:n])
		m.tx = m.tx[:copy(m.tx, m.tx[n:])]
	}
	n := copy(tx, m.pcm)
	m.pcm = m.pcm[:copy(m.pcm, m.pcm[n:])]
	louder(tx[:n], decibels(m.set.numbers["+VGT"][0]))
	m.Counters.Heard += int64(n)
	switch {
	case n == len(tx):
		m.thin = true
	case m.ended:
		m.finishVoice("OK")
	case m.thin: // told once, until data flows again
		m.thin = false
		m.event('u')
		m.Counters.Underrun += int64(len(tx) - n)
	}
	if m.lost && m.mode == sending {
		m.lost = false
		m.event('o')
	}
}

func clip(v float64) int16 { return int16(max(-32768, min(32767, math.Round(v)))) }

func louder(pcm []int16, dB float64) {
	if dB == 0 {
		return
	}
	g := math.Pow(10, dB/20)
	for i, s := range pcm {
		pcm[i] = clip(float64(s) * g)
	}
}

// quiet tells silence as +VSD asks: that nobody ever spoke, or does not any more.
type quiet struct {
	voice bool
	since int64
	told  bool
}

func (q *quiet) begin(pos int64) { *q = quiet{since: pos} }

// take returns 's' or 'q' when the line has been silent for the interval. The
// sensitivity of 128 takes all below −42 dBm0 for silence, a higher one more.
func (q *quiet) take(pcm []int16, pos int64, vsd []int) byte {
	if dsp.Measure(pcm).DBm0() > -42+float64(vsd[0]-128)/8 {
		q.voice, q.since, q.told = true, pos, false
		return 0
	}
	if vsd[1] == 0 || q.told || pos-q.since < int64(vsd[1])*100*ms {
		return 0
	}
	q.told = true
	if q.voice {
		return 'q'
	}
	return 's'
}

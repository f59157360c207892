package channels

import (
	"strings"

	"vaad/driver"
	"vaad/dsp/gain"
	"vaad/dsp/mix"
	"vaad/dsp/progress"
	"vaad/dsp/tone"
)

// A source makes samples; fewer than asked for say that it is finished.
type source interface{ Fill(block []int16) int }

// A signal is a sound that a line's own signalling makes.
type signal struct {
	src  source
	wait int  // samples of silence before it
	once bool // its end is to be told
	keys bool // it is keys
}

func (s *signal) on() bool { return s.src != nil }

func (s *signal) set(src source, afterMS int, once bool) {
	*s = signal{src: src, wait: afterMS * driver.MS, once: once}
}

// fill puts the sound in place of what is in pcm. It reports the end of one
// that ends by itself.
func (s *signal) fill(pcm []int16) (over bool) {
	n := min(s.wait, len(pcm))
	clear(pcm[:n])
	s.wait -= n
	n += s.src.Fill(pcm[n:])
	if n == len(pcm) {
		return false
	}
	clear(pcm[n:])
	over = s.once
	*s = signal{}
	return over
}

// A chain is one source after the other.
type chain struct{ first, then source }

func (c *chain) Fill(block []int16) (n int) {
	if c.first != nil {
		if n = c.first.Fill(block); n == len(block) {
			return n
		}
		c.first = nil
	}
	return n + c.then.Fill(block[n:])
}

const (
	maxPlays = 32 // that wait to be played to one line
	keyOn    = 100
	keyOff   = 100
)

// A player plays to one line what it is given.
type player struct {
	country string
	queue   []*playing
	over    []playedOne
	buf     [driver.Block]int16
}

type playedOne struct {
	id, why string
	samples int64
}

// playing is a Play with how far it is.
type playing struct {
	Play
	gain    *gain.Fixed // nil: as it is
	part    int         // of Audio
	at      int         // sample of a part that is PCM
	src     source      // of a part that is not
	left    int         // samples of that; -1: until it ends
	began   bool        // the part has begun
	some    bool        // there was something in this round of a loop: one of nothing must end
	samples int64
}

func (p *player) on() bool { return len(p.queue) > 0 }

// take plays something, now or after what plays. It reports that too much waits.
func (p *player) take(play Play) (full bool) {
	if !play.Queue {
		p.stop("stopped")
	}
	if len(p.queue) >= maxPlays {
		return true
	}
	one := &playing{Play: play}
	if play.GainDB != 0 {
		one.gain = gain.New(play.GainDB)
	}
	p.queue = append(p.queue, one)
	return false
}

// stop ends all that plays or waits.
func (p *player) stop(why string) {
	for _, one := range p.queue {
		p.over = append(p.over, playedOne{one.ID, why, one.samples})
		why = "stopped" // what waited was not heard at all
	}
	clear(p.queue)
	p.queue = p.queue[:0]
}

// dials reports whether keys are being played.
func (p *player) dials() bool {
	if !p.on() {
		return false
	}
	one := p.queue[0]
	return one.part < len(one.Audio) && one.Audio[one.part].Keys != ""
}

// key ends what plays, if that key is to end it.
func (p *player) key(k byte) {
	if p.on() && strings.IndexByte(p.queue[0].StopOn, k) >= 0 {
		p.stop("key " + keyText(k))
	}
}

// fill puts the next samples in place of what is in pcm, or on top of it.
func (p *player) fill(pcm []int16) {
	for n := 0; n < len(pcm) && p.on(); {
		one := p.queue[0]
		got := one.fill(p.buf[n:len(pcm)], p.country)
		block := p.buf[n : n+got]
		if one.gain != nil {
			one.gain.Process(block)
		}
		if one.Over {
			mix.Add(pcm[n:n+got], block)
		} else {
			copy(pcm[n:], block)
		}
		n += got
		if one.part < len(one.Audio) {
			continue
		}
		p.over = append(p.over, playedOne{one.ID, "end", one.samples})
		copy(p.queue, p.queue[1:])
		p.queue[len(p.queue)-1] = nil
		if p.queue = p.queue[:len(p.queue)-1]; len(p.queue) == 0 && !one.Over {
			clear(pcm[n:])
		}
	}
}

// fill makes the next samples, as many as there are before the end.
func (o *playing) fill(block []int16, country string) (n int) {
	for n < len(block) && o.part < len(o.Audio) {
		a := &o.Audio[o.part]
		if !o.began {
			o.begin(a, country)
		}
		got := o.make(a, block[n:])
		n += got
		o.samples += int64(got)
		o.some = o.some || got > 0
		if n == len(block) {
			break
		}
		o.part, o.began = o.part+1, false
		if o.part == len(o.Audio) && o.Loop && o.some {
			o.part, o.some = 0, false
		}
	}
	return n
}

func (o *playing) begin(a *Audio, country string) {
	o.began, o.at, o.src, o.left = true, 0, nil, -1
	if a.MS > 0 {
		o.left = a.MS * driver.MS
	}
	switch {
	case a.PCM != nil:
		o.left = -1
	case a.Keys != "":
		o.left = -1
		if c, err := tone.DTMF(a.Keys, tone.DTMFLevel, keyOn, keyOff); err == nil { // Play has looked at the keys
			o.src = tone.New(c)
		}
	case a.Tone != 0:
		o.src = tone.New(cadence(country, a.Tone))
	}
}

// make makes samples of one part; fewer than asked for: it is over.
func (o *playing) make(a *Audio, block []int16) (n int) {
	if a.PCM != nil {
		n = copy(block, a.PCM[o.at:])
		o.at += n
		return n
	}
	if o.left >= 0 {
		block = block[:min(len(block), o.left)]
		o.left -= len(block)
	}
	if o.src != nil {
		return o.src.Fill(block)
	}
	clear(block)
	return len(block)
}

// cadence is what a country's exchanges play. Where they have no tone of that
// meaning it is the one that people there know for the like.
func cadence(country string, t progress.Tone) tone.Cadence {
	if country == "" {
		country = "CN"
	}
	c, _ := tone.Country(country)
	pick := func(all ...tone.Cadence) tone.Cadence {
		for _, x := range all {
			if !x.Empty() {
				return x
			}
		}
		return tone.Cadence{}
	}
	switch t {
	case progress.Dial:
		return c.Dial
	case progress.SpecialDial:
		return stutter(c.Dial)
	case progress.Ringback:
		return c.Ringback
	case progress.Busy:
		return pick(c.Busy, c.Congestion)
	case progress.Congestion:
		return pick(c.Congestion, c.Busy)
	case progress.Vacant:
		return pick(c.Vacant, c.Congestion, c.Busy)
	case progress.Waiting:
		return c.CallWaiting
	case progress.Howler:
		return c.Howler
	}
	return tone.Cadence{}
}

// stutter makes a dial tone that tells of something: interrupted for 40 ms after
// each 400 (ITU-T E.180 clause 9.2, as China and most of Europe have it).
func stutter(dial tone.Cadence) tone.Cadence {
	if dial.Empty() {
		return dial
	}
	return tone.Cadence{Bursts: []tone.Burst{{Sines: dial.Bursts[0].Sines, On: 400, Off: 40}}}
}

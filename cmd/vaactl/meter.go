package main

import "vaad/dsp"

// humMin is the weakest hum that is told, in dBm0: nobody hears less.
const humMin = -75

// meter measures the level of stretches, or of all. What is missing is no
// silence: it does not count.
type meter struct {
	every    int64 // samples; 0: all
	from, at int64
	l        dsp.Level
	hum      *dsp.Hum
	buf      []dsp.HumLevel
	hums     int     // seconds in which hum was looked for
	hummed   int     // and found
	hz       float64 // of the mains, times the mean squares of the hum
	squares  float64 // sum of the mean squares of the hum of each second
}

func newMeter(every int64) *meter { return &meter{every: every, hum: dsp.NewHum()} }

func (m *meter) Process(dst []finding, block []int16) []finding {
	for len(block) > 0 {
		n := len(block)
		if m.every > 0 {
			n = int(min(int64(n), m.from+m.every-m.at))
		}
		m.l.Add(dsp.Measure(block[:n]))
		m.buf = m.hum.Process(m.buf[:0], block[:n])
		for _, h := range m.buf {
			m.hums++
			if h.Hz > 0 {
				m.hummed++
			}
			m.squares += h.MeanSquare()
			m.hz += h.Hz * h.MeanSquare()
		}
		block = block[n:]
		dst = m.move(dst, n)
	}
	return dst
}

func (m *meter) Skip(dst []finding, n int) []finding {
	m.hum.Skip(n)
	for n > 0 {
		step := n
		if m.every > 0 {
			step = int(min(int64(n), m.from+m.every-m.at))
		}
		n -= step
		dst = m.move(dst, step)
	}
	return dst
}

func (m *meter) move(dst []finding, n int) []finding {
	m.at += int64(n)
	if m.every > 0 && m.at == m.from+m.every {
		return m.Flush(dst)
	}
	return dst
}

func (m *meter) Flush(dst []finding) []finding {
	if m.l.Samples > 0 {
		facts := []fact{
			{"duration", span(m.at - m.from)}, {"level_dbm0", decimal(m.l.DBm0())},
			{"peak", m.l.Peak}, {"clipped", m.l.Clipped}, {"dc", decimal(m.l.DC())},
		}
		if hum := dsp.DBm0(m.squares / float64(max(1, m.hums))); hum >= humMin && 2*m.hummed >= m.hums { // deep voices have a little, now and then
			facts = append(facts, fact{"hum_hz", decimal(m.hz / m.squares)}, fact{"hum_dbm0", decimal(hum)})
		}
		dst = append(dst, finding{at: m.from, kind: "level", facts: facts})
	}
	m.from, m.l, m.hums, m.hummed, m.hz, m.squares = m.at, dsp.Level{}, 0, 0, 0, 0
	return dst
}

func (m *meter) Since() int64 { return m.from }

package analog

import (
	"bytes"
	"fmt"
	"testing"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/tone"
)

// The messages as the standards print them, byte by byte; checksums were worked
// out by hand: what makes the sum 0 modulo 256.
func TestMessagesAreWhatTheStandardsSay(t *testing.T) {
	bell, v23 := tellsOf("CN", "bell202"), tellsOf("DE", "v23")
	for _, c := range []struct {
		name  string
		tells tells
		order RingOrder
		want  string
	}{
		{"Bellcore: date and number, a published example", bell, RingOrder{Caller: "2156430144", Time: "03171656"},
			"\x80\x16\x01\x0803171656\x02\x0a2156430144\xba"},
		{"Bellcore: private", bell, RingOrder{Caller: "123", Name: "Ann", Private: true}, "\x80\x06\x04\x01P\x08\x01P\xcc"},
		{"Bellcore: out of area", bell, RingOrder{}, "\x80\x03\x04\x01O\x29"},
		{"Bellcore: a name of 15 characters", bell, RingOrder{Caller: "12345", Name: "ABCDEFGHIJKLMNOP"},
			"\x80\x18\x02\x0512345\x07\x0fABCDEFGHIJKLMNO\x14"},
		{"ETSI: number and name in ISO 8859-1", v23, RingOrder{Caller: "+1 (23) 45", Name: "Zoë"}, "\x80\x0c\x02\x0512345\x07\x03Zo\xeb\xb0"},
		{"China: a name in GBK, 15 bytes at most", bell, RingOrder{Name: "张三李中文张三李"},
			"\x80\x13\x04\x01O\x07\x0e\xd5\xc5\xc8\xfd\xc0\xee\xd6\xd0\xce\xc4\xd5\xc5\xc8\xfd\x60"},
		{"a time that is none is left out", bell, RingOrder{Time: "13171656"}, "\x80\x03\x04\x01O\x29"},
		{"20 digits at most", v23, RingOrder{Caller: "1234567890123456789012"}, "\x80\x16\x02\x1412345678901234567890\x3a"},
	} {
		fsk, keys := c.tells.message(&c.order)
		if string(fsk) != c.want || keys != "" {
			t.Errorf("%s: %q, want %q", c.name, fsk, c.want)
		}
	}
}

func TestKeysAreFramedAsTheCountryHasThem(t *testing.T) {
	for _, c := range []struct {
		country string
		order   RingOrder
		want    string
	}{
		{"CN", RingOrder{Caller: "8002"}, "D8002C"},
		{"TW", RingOrder{Caller: "+886 2 2720"}, "D88622720C"},
		{"CN", RingOrder{Caller: "8002", Private: true}, ""},
		{"CN", RingOrder{}, ""},
		{"SE", RingOrder{Caller: "08123456"}, "A08123456C"},
		{"DK", RingOrder{Caller: "1", Private: true}, "B10C"},
		{"BR", RingOrder{}, "B00C"},
		{"BR", RingOrder{Caller: "*#"}, "B00C"},
	} {
		m := tellsOf(c.country, "dtmf")
		fsk, keys := m.message(&c.order)
		if keys != c.want || fsk != nil {
			t.Errorf("%s %+v: %q, want %q", c.country, c.order, keys, c.want)
		}
	}
}

// When what comes, in ms, by the standards. Boards tell the end of the burst up to
// 100 ms late, and send as late; both limits hold nevertheless.
func TestMessagesComeWhenTheStandardsSay(t *testing.T) {
	const late = 100
	for _, country := range append(tone.Countries(), "") {
		for _, sends := range []string{"", "bell202", "v23", "dtmf"} {
			name := fmt.Sprintf("%s %q", country, sends)
			p := newPhone(t, StationConfig{Country: country, Sends: sends})
			p.wish(p.s.Ring(&p.out, RingOrder{Caller: "13800138000", Name: "Somebody from elsewhere", Time: "12312359"}))
			ordered := p.pos
			p.after(9000)
			var burstEnd, open, ring, reversed, back int64 = -1, -1, -1, -1, -1
			var path int32
			for _, a := range p.acts {
				switch {
				case a.Kind != Command:
				case a.Do == driver.RingBurst:
					burstEnd = a.at + 80 + int64(a.Value)*driver.MS
				case a.Do == driver.OnHookTransmit:
					open, path = a.at, a.Value
				case a.Do == driver.Ring:
					ring = a.at
				case a.Do == driver.SetPolarity && a.Value == 1:
					reversed = a.at
				case a.Do == driver.SetPolarity:
					back = a.at
				}
			}
			between := func(what string, from, to, least, most int64) {
				t.Helper()
				if d := (to - from) / driver.MS; from < 0 || to < 0 || d < least || d > most {
					t.Errorf("%s: %s after %d ms, want %d…%d", name, what, d, least, most)
				}
			}
			if open < 0 || ring < 0 {
				t.Errorf("%s: no message or no ringing", name)
				continue
			}
			if open > p.msgAt || open+int64(path)*driver.MS < p.msgEnd+late*driver.MS {
				t.Errorf("%s: the path is open %d…%d, the message lasts %d…%d", name, open, open+int64(path)*driver.MS, p.msgAt, p.msgEnd)
			}
			first := true // nothing rings before
			switch {
			case burstEnd >= 0 && p.message.Coding == callerid.Bell: // GR-30-CORE, YDN 069
				between("message", burstEnd, p.msgAt, 500, 1500-late)
				first = false
			case burstEnd >= 0: // EN 300 659-1
				between("message", burstEnd, p.msgAt, 500, 2000-late)
				first = false
			case p.message.AlertMS > 0: // SIN 227; EN 300 659-1
				between("alerting tone", reversed, p.msgAt, 100+late, 1000)
				if ms := p.message.AlertMS; ms < 90 || ms > 110 {
					t.Errorf("%s: alerting tone of %d ms", name, ms)
				}
			case reversed >= 0: // EN 300 659-1 annex C
				between("keys", reversed, p.msgAt, 200+late, 1000)
			default:
				between("keys", ordered, p.msgAt, 100, 1000)
			}
			if reversed >= 0 {
				between("polarity back", p.msgEnd, back, 0, 500)
				between("ringing after it", back, ring, 0, 500)
			}
			if first {
				between("first ring", p.msgEnd, ring, 200+late, 500)
			} else {
				between("second ring", p.msgEnd, ring, 200+late, 6000)
				between("second ring after the first", burstEnd, ring, 1800, 8000)
			}
		}
	}
}

// ringable reports whether boards can ring so: eight bursts at most, nothing
// below 20 ms or above what 16 bits hold.
func ringable(steps []int) bool {
	for _, v := range steps {
		if v < 20 || v > 0xFFFF {
			return false
		}
	}
	return len(steps) >= 2 && len(steps) <= 16 && len(steps)%2 == 0
}

func TestCountriesRingAsTheyDo(t *testing.T) {
	for _, country := range tone.Countries() {
		s := NewStation(StationConfig{Country: country})
		want, _ := tone.Country(country)
		for _, name := range []string{"", "outside", "inside", "recall", "nonsense"} {
			got := s.cadenceOf(name, nil)
			if !ringable(got) {
				t.Errorf("%s %q: %v", country, name, got)
			}
			if own := name != "inside" && name != "recall"; own && fmt.Sprint(got) != fmt.Sprint(want.Ring) {
				t.Errorf("%s %q: %v, want %v", country, name, got, want.Ring)
			}
		}
		if fmt.Sprint(s.cadenceOf("inside", nil)) == fmt.Sprint(s.cadenceOf("", nil)) {
			t.Errorf("%s: inside and outside sound the same", country)
		}
	}
}

func TestOurReceiverUnderstandsOurMessages(t *testing.T) {
	for country, coding := range map[string]callerid.Coding{"CN": callerid.Bell, "US": callerid.Bell, "FR": callerid.V23, "GB": callerid.V23} {
		p := newPhone(t, StationConfig{Country: country})
		p.wish(p.s.Ring(&p.out, RingOrder{Caller: "02087654321", Name: "A. Caller"}))
		p.after(4000)
		src := callerid.NewSource(p.message.Coding, p.message.Data, callerid.OnHook(), -13.5)
		pcm := make([]int16, 3*driver.Rate)
		src.Fill(pcm)
		r := callerid.New()
		all := r.Flush(r.Process(nil, pcm))
		if len(all) != 1 || all[0].Coding != coding {
			t.Errorf("%s: %d messages", country, len(all))
			continue
		}
		number, _ := all[0].Caller()
		if name, _ := all[0].CallerName(); number != "02087654321" || name != "A. Caller" {
			t.Errorf("%s: heard %q %q", country, number, name)
		}
	}
	for country, want := range map[string]string{"CN": "8002", "SE": "8002"} {
		m := tellsOf(country, "dtmf")
		_, keys := m.message(&RingOrder{Caller: want})
		var k callerid.Keys
		var all []callerid.Message
		for i := range len(keys) {
			at := int64(i) * 140 * driver.MS
			all = k.Key(all, dtmf.Event{Kind: dtmf.Down, Key: keys[i], At: at})
			all = k.Key(all, dtmf.Event{Kind: dtmf.Up, Key: keys[i], At: at + 70*driver.MS})
		}
		if len(all) != 1 {
			t.Errorf("%s: %d messages of keys", country, len(all))
			continue
		}
		if number, _ := all[0].Caller(); number != want {
			t.Errorf("%s: heard %q", country, number)
		}
	}
}

func FuzzStationMessage(f *testing.F) {
	f.Add("13800138000", "张三", "12312359", false)
	f.Add("", "\xff\x00", "", true)
	f.Fuzz(func(t *testing.T, caller, name, when string, private bool) {
		for _, c := range []string{"CN", "GB", "SE", "TW"} {
			for _, sends := range []string{"", "dtmf"} {
				m := tellsOf(c, sends)
				fsk, keys := m.message(&RingOrder{Caller: caller, Name: name, Time: when, Private: private})
				if fsk != nil && (len(fsk) > 100 || callerid.Checksum(fsk) != 0) || len(keys) > 22 {
					t.Errorf("%x %q", fsk, keys)
				}
				if private && caller != "" && len(caller) > 3 && bytes.Contains(fsk, []byte(caller)) {
					t.Errorf("a private number is sent: %q", fsk)
				}
				if _, err := tone.DTMF(keys, -10, 70, 70); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

package voicemodem

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

func TestEveryWrongKeyIsNamed(t *testing.T) {
	err := check(driver.Config{ID: "m1", Options: []byte(`{"device": 7, "use": "tap", "country": "XX", "init": ["AT+X", "DROP"], "baud": 300,
		"format": "mp3", "duplex": "both", "chip": "none", "lines": 3}`)})
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{"device: 7", "use: a voice modem cannot be a tap", "country: ", "init[1]: ", "baud: ", "format: ", "duplex: ", "chip: ", "lines: is not known"} {
		if !strings.Contains(err.Error(), `board "m1": `+want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
	for _, good := range []string{``, `{}`, `{"device": "0572:1340:1", "use": "trunk", "country": "cn", "init": ["AT+VGT=130"], "baud": 115200, "format": "129", "duplex": "half", "chip": "agere/lsi"}`} {
		if err := check(driver.Config{ID: "m1", Options: []byte(good)}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestWhatIsNoVoiceModemIsRefusedWithItsReason(t *testing.T) {
	for _, c := range []struct {
		code string
		make func(*fake)
		keys map[string]any
	}{
		{CodeNoVoice, func(f *fake) { f.replies["AT+FCLASS=?"] = "0,1,2\r\nOK" }, nil},
		{CodeNoVoice, func(f *fake) { f.replies["AT+FCLASS=?"], f.replies["AT+FCLASS=8"] = "ERROR", "ERROR" }, nil},
		{CodeNoFormat, func(f *fake) { f.formats = []string{`129,"IMA ADPCM",4,0,8000,0,0`} }, nil},
		{CodeNoFormat, func(*fake) {}, map[string]any{"format": "linear16"}},
		{CodeSilent, func(f *fake) { f.deaf = true }, nil},
		{CodeBusy, func(f *fake) { f.err = errLocked }, nil},
		{CodeNotFound, func(f *fake) { f.err = fs.ErrNotExist }, nil},
		{CodePermission, func(f *fake) { f.err = unix.EACCES }, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			c.make(f)
			_, err := f.open(c.keys)
			var fault *driver.FaultError
			if !errors.As(err, &fault) || fault.Code != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}
}

// TestModemThatAnswersLateIsUnderstood: an answer that comes too late is not taken as that
// to the next question.
func TestModemThatAnswersLateIsUnderstood(t *testing.T) {
	for _, slow := range []string{"ATI", "ATI3", "AT+FMR?", "ATE0", "AT+FCLASS=?", "AT+FCLASS=8", "AT+VSM=?", "AT+VSM=5,8000", "AT+VCID=1"} {
		t.Run(slow, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.replies["AT+FMR?"] = "1.002-K56\r\n\r\nOK"
				f.replies["ATI"] = "56000\r\n\r\nOK"
				f.late = map[string]time.Duration{slow: 2500 * time.Millisecond}
				s := sit(t, f, nil)
				defer s.close()
				if law := s.b.Info().Lines[0].Law; law != driver.ALaw || s.b.Info().Model != "Fake 1" {
					t.Errorf("law %v, model %q", law, s.b.Info().Model)
				}
				s.run(time.Second, nil)
				s.command(driver.GoOffHook)
				s.run(time.Second, nil)
				s.want(driver.OffHook, 1)
			})
		})
	}
}

func TestFormatIsTheBestThatTheModemAndItsFamilyHave(t *testing.T) {
	for _, c := range []struct {
		formats []string
		self    string
		law     driver.Law
		asked   string
	}{
		{[]string{`1,"UNSIGNED PCM",8,0,8000,0,0`, `129,"IMA ADPCM",4,0,8000,0,0`}, "CX93001-EIS_V0.2013-V92", driver.Linear, "AT+VSM=1,8000,0,0"},
		{[]string{`128,"8-BIT LINEAR",(7200,8000,11025)`, `130,"8-BIT ALAW",(8000)`}, "USR5637", driver.Linear, "AT+VSM=128,8000"},
		{[]string{`128,"8-BIT LINEAR",(7200,8000,11025)`, `129,"16-BIT LINEAR",(8000)`}, "Nobody", driver.Linear, "AT+VSM=129,8000"},
		{[]string{`+VSM: 4,"G.711U",8,0,(8000),(0),(0)`, `0,"SIGNED PCM",8,0,(7200-11025),(0),(0)`}, "Nobody", driver.MuLaw, "AT+VSM=4,8000"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.formats = c.formats
			f.replies["ATI3"] = c.self + "\r\nOK"
			s := sit(t, f, nil)
			defer s.close()
			if law := s.b.Info().Lines[0].Law; law != c.law {
				t.Errorf("%s: law %v, want %v", c.self, law, c.law)
			}
			asked := f.wasAsked()
			if !strings.Contains(strings.Join(asked, "\n"), c.asked) {
				t.Errorf("%q was not said: %q", c.asked, asked)
			}
			for _, a := range asked {
				if strings.HasPrefix(a, "AT+VTR=") {
					t.Errorf("%q was asked", a)
				}
			}
		})
	}
}

package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/channels"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
	"vaad/recorder/archive"
	"vaad/recorder/index"

	"github.com/prometheus/client_golang/prometheus"
)

// recordSignal seals a recording of what is heard, with its story.
func (f *fixture) recordSignal(line int, pcm []int16, story ...archive.Entry) index.Row {
	f.t.Helper()
	s := archive.Start{Line: line, Board: "sim", Trigger: "voltage", Direction: "in", Codec: archive.G711A, Sides: []string{"mixed"},
		Begin: begun.Add(time.Minute), BeginPos: 4711, ClockSynced: true}
	w, err := f.archive.Begin(s)
	if err != nil {
		f.t.Fatal(err)
	}
	code := make([]byte, len(pcm))
	g711.Encode(code, pcm, g711.ALaw)
	n := int64(len(pcm))
	end := s.Begin.Add(time.Duration(n) * time.Second / 8000)
	steps := []error{w.Append(0, code)}
	for _, e := range story {
		steps = append(steps, w.Log(e))
	}
	steps = append(steps, w.Checkpoint(end, n), w.Finish(archive.End{Time: end, EndedBy: "on-hook"}), f.archive.Flush(f.t.Context()))
	for _, err := range steps {
		if err != nil {
			f.t.Fatal(err)
		}
	}
	row, ok, err := f.index.Get(w.ID())
	if err != nil || !ok {
		f.t.Fatalf("the recording is not found: %v", err)
	}
	return row
}

type filler interface{ Fill([]int16) int }

func samplesOf(s filler) []int16 {
	b := make([]int16, 8000*20)
	return b[:s.Fill(b)]
}

// aCall is a caller ID by FSK, then two keys.
func aCall(t *testing.T) (pcm []int16, keysAt int64) {
	t.Helper()
	m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("02131234567")})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tone.DTMF("12", -12, 70, 70)
	if err != nil {
		t.Fatal(err)
	}
	quiet := make([]int16, 8000)
	pcm = slices.Concat(quiet, samplesOf(callerid.NewSource(callerid.Bell, m, callerid.OnHook(), -15)), quiet)
	return slices.Concat(pcm, samplesOf(tone.New(keys)), quiet), int64(len(pcm))
}

func TestTodaysDetectorsHearWhatIsStored(t *testing.T) {
	f := newFixture(t)
	pcm, keysAt := aCall(t)
	row := f.recordSignal(1, pcm, archive.Entry{At: keysAt, Kind: "key", Text: "1", Value: 560}, archive.Entry{At: keysAt + 8000, Kind: "key", Text: "9", Value: 560})
	r := decode[api.Redecoded](t, f.do(http.MethodPost, "/recordings/"+row.ID+"/redecode", nil), http.StatusOK)
	is := map[string]string{}
	for _, i := range r.Items {
		is[i.Kind+" "+i.Text] = i.Is
	}
	want := map[string]string{"caller-id 02131234567": "new", "key 1": "same", "key 2": "new", "key 9": "gone"}
	for k, v := range want {
		if is[k] != v {
			t.Errorf("%s is %q, want %q; all: %v", k, is[k], v, is)
		}
	}
	if r.Same != 1 || r.New != 2 || r.Gone != 1 || r.Unheard != 0 || r.Version != "1.2.3" || r.Country != "CN" || r.Line != 1 {
		t.Errorf("%+v", r)
	}
	pool := f.cfg.Redecode.(*fakeRedecoding)
	if pool.taken != 1 || pool.free != 1 {
		t.Errorf("%d slots of the pool were taken, %d given back", pool.taken, pool.free)
	}
	rows, err := f.audit.Query(access.AuditFilter{Object: row.ID, Limit: 10})
	if err != nil || len(rows) != 1 || rows[0].Verb != access.Play || rows[0].Detail["act"] != "redecode" {
		t.Errorf("audited as %+v, %v", rows, err)
	}
}

func TestOnlyWhoMayPlayMayRedecode(t *testing.T) {
	f := newFixture(t)
	pcm, _ := aCall(t)
	row := f.recordSignal(1, pcm)
	for _, path := range []string{"/recordings/" + row.ID + "/redecode", "/caller-ids/" + keptOne + "/redecode"} {
		problemIn(t, f.doAs(actor(access.Technician), http.MethodPost, path, nil), "forbidden")
	}
	problemIn(t, f.do(http.MethodPost, "/recordings/01K0AAAAAAAAAAAAAAAAAAAAAA/redecode", nil), "no-recording")
}

func TestKeptCallerIDsAreThoseOfOnesLines(t *testing.T) {
	f := newFixture(t)
	if p := get[api.Page[api.KeptCallerID]](f, "/caller-ids"); len(p.Items) != 2 || p.Items[0].Name != keptThree || p.Items[1].Reason != "damaged" {
		t.Errorf("%+v", p)
	}
	r := decode[api.Redecoded](t, f.do(http.MethodPost, "/caller-ids/"+keptOne+"/redecode", nil), http.StatusOK)
	if r.ID != keptOne || r.Line != 1 || r.Duration != 1 || len(r.Items) != 0 {
		t.Errorf("%+v", r)
	}
	if w := f.do(http.MethodGet, "/caller-ids/"+keptOne+"/audio", nil); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "RIFF") {
		t.Errorf("%d %s", w.Code, w.Header())
	}
	problemIn(t, f.do(http.MethodPost, "/caller-ids/20261122T080000.000Z-line-2--damaged.wav/redecode", nil), "no-caller-id")
	for _, bad := range []string{"..%2F..%2Fstate.db", "x.wav%00", ".wav"} {
		if w := f.do(http.MethodGet, "/caller-ids/"+bad+"/audio", nil); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

func TestAReplayHasEverythingOnOneAxis(t *testing.T) {
	f := newFixture(t)
	pcm := make([]int16, 80000)
	row := f.recordSignal(2, pcm,
		archive.Entry{At: -24000, Kind: "ring-begin"}, archive.Entry{At: -16000, Kind: "ring-end"},
		archive.Entry{At: 0, Kind: "volts", Value: -48120}, archive.Entry{At: 16000, Kind: "volts", Value: -9000},
		archive.Entry{At: 16000, Kind: "off-hook"}, archive.Entry{At: 20000, Kind: "voice-begin"}, archive.Entry{At: 28000, Kind: "voice-end"},
		archive.Entry{At: 40000, Kind: "tone", Text: "busy", Value: 1},
		archive.Entry{At: 8000, Kind: "q931", Side: "network", Code: "SETUP", Text: "0201000008"},
		archive.Entry{At: 9000, Kind: "q931", Text: "not hexadecimal"})
	r := get[api.Replay](f, "/recordings/"+row.ID+"/replay")
	if r.Samples != 80000 || r.Position != 4711 || !r.Complete || len(r.Volts) != 2 || r.Volts[0].Volts != -48.12 {
		t.Errorf("%+v", r)
	}
	if len(r.Ladder) != 1 || r.Ladder[0].Name != "SETUP" || r.Ladder[0].At == nil || *r.Ladder[0].At != 8000 || r.Ladder[0].Line != 2 {
		t.Errorf("ladder %+v", r.Ladder)
	}
	lengths := map[string]int64{}
	for _, e := range r.Events {
		lengths[e.Lane+" "+e.Kind] = e.Length
	}
	for what, n := range map[string]int64{"ring ring-begin": 8000, "hook off-hook": 64000, "voice voice-begin": 8000, "tones tone": 40000} {
		if got, ok := lengths[what]; !ok || got != n {
			t.Errorf("%s lasts %d samples, want %d; all: %v", what, got, n, lengths)
		}
	}
}

func TestAReplayHasTheLadderThatIsStillKept(t *testing.T) {
	f := newFixture(t)
	row := f.recordSignal(1, make([]int16, 8000*10)) // from a minute after begun, as the call of fakeDChannels
	r := get[api.Replay](f, "/recordings/"+row.ID+"/replay")
	if len(r.Ladder) != 2 || r.Ladder[0].Name != "SETUP" || *r.Ladder[1].At != 8000 || r.Ladder[1].Text == "" || r.Ladder[1].Severity != "error" {
		t.Errorf("%+v", r.Ladder)
	}
}

func TestTheLadderIsFilteredAndSaysWhatIsWrong(t *testing.T) {
	f := newFixture(t)
	const path = "/boards/sim/spans/1/ladder"
	all := get[api.Ladder](f, path)
	if len(all.Items) != 3 || all.Next != 3 || all.Kept != 3 || all.Items[1].Call != "network/5" || all.Items[1].Elements[0].Text == "" || all.Items[1].Elements[1].Name == "" {
		t.Errorf("%+v", all)
	}
	for query, want := range map[string]int{"?after=2": 1, "?layer=3": 2, "?layer=2": 1, "?wrong=yes": 1, "?call=5": 2, "?call=network/5": 2, "?call=user/5": 0,
		"?number=312345": 2, "?number=999": 0, "?number=%2B": 0, "?limit=1": 1, "?from=2026-11-22T08:01:01Z": 1, "?to=2026-11-22T08:01:01Z": 2} {
		if l := get[api.Ladder](f, path+query); len(l.Items) != want {
			t.Errorf("%s: %d messages, want %d", query, len(l.Items), want)
		}
	}
	m := all.Items[2]
	if m.Severity != "error" || len(m.Wrong) != 2 || m.Cause != 41 || m.Text != "Temporary failure" || m.Elements[0].Text != "41 Temporary failure" {
		t.Errorf("%+v", m)
	}
	problemIn(t, f.do(http.MethodGet, "/boards/sim/spans/2/ladder", nil), "no-dchannel")
	problemIn(t, f.do(http.MethodGet, "/boards/none/spans/1/ladder", nil), "no-board")
	problemIn(t, f.doAs(actor(access.Reviewer), http.MethodGet, path, nil), "forbidden")
}

func TestABoardShowsItsCountersPortsAndAlarms(t *testing.T) {
	f := newFixture(t)
	f.lines.boards[0].Spans = []channels.SpanStatus{{Number: 1, Channels: 31, DChannel: 16}}
	f.lines.set(2, func(l *channels.LineStatus) {
		l.LocalPort, l.Sides = 12, []channels.Side{{Name: "network"}, {Name: "local"}}
	})
	f.alarms.Raise("span-alarm", "sim span 1", map[string]string{"board": "sim", "span": "1", "alarms": "red"})
	f.alarms.Clear("span-alarm", "sim span 1")
	b := get[api.BoardDetail](f, "/boards/sim")
	if len(b.Ports) != 4 || b.Ports[3].Port != 12 || b.Ports[3].Side != "local" || b.Ports[3].Line != 2 || b.Ports[1].Side != "network" || b.Ports[0].Side != "both" {
		t.Errorf("ports %+v", b.Ports)
	}
	if len(b.Lately) != 2 || b.Lately[0].Span != 1 || len(b.Lately[0].Alarms)+len(b.Lately[1].Alarms) != 1 {
		t.Errorf("lately %+v", b.Lately)
	}
	if b.Board.ID != "sim" || b.Counters == nil {
		t.Errorf("%+v", b)
	}
	problemIn(t, f.do(http.MethodGet, "/boards/none", nil), "no-board")
}

func TestCountersHaveRates(t *testing.T) {
	f := newFixture(t)
	at := begun
	c := newCounters(f.reg, func() time.Time { return at })
	count := newCounterVec(f.reg, "vaad_span_crc_total")
	for i := range 720 { // two hours; one error every ten seconds
		count("sim", "1")
		at = begun.Add(time.Duration(i) * counterEvery)
		c.look()
	}
	all := c.of("sim")
	i := slices.IndexFunc(all, func(b api.BoardCounter) bool { return b.Code == "crc" })
	if i < 0 || all[i].Span != 1 || all[i].Total != 720 || all[i].Minute != 6 || all[i].Hour != 360 || all[i].Watched != 3600 || !all[i].Fault {
		t.Errorf("%+v", all)
	}
	if len(c.of("other")) != 0 {
		t.Error("another board has counters")
	}
}

func TestTheDoctorSpeaksAndGivesCommands(t *testing.T) {
	f := newFixture(t)
	d := get[api.Diagnosis](f, "/doctor")
	if d.Worst != "fault" || len(d.Items) != 2 || d.Items[0].Text == "" || d.Items[0].Remedy == "" || !slices.Contains(d.Items[0].Commands, "modprobe dahdi") {
		b, _ := json.Marshal(d)
		t.Errorf("%s", b)
	}
	problemIn(t, f.doAs(actor(access.Reviewer), http.MethodGet, "/doctor", nil), "forbidden")
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	problemIn(t, f.doAs(actor(access.Technician, "front"), http.MethodGet, "/doctor", nil), "forbidden")
}

func TestCommandsInRemediesCanBeCopied(t *testing.T) {
	for remedy, want := range map[string][]string{
		"Load it with modprobe dahdi and look at dmesg for what it says; /etc/x loads it.":                                    {"modprobe dahdi"},
		"Install the headers and build: apt install linux-headers-6.12 dahdi-dkms, then dkms autoinstall and modprobe dahdi.": {"apt install linux-headers-6.12 dahdi-dkms", "dkms autoinstall", "modprobe dahdi"},
		"Make it from the cards found: vaad dahdi genconf --write, then dahdi_cfg -v.":                                        {"vaad dahdi genconf --write", "dahdi_cfg -v"},
		"Remove those that are not used: dkms remove dahdi/VERSION --all":                                                     nil,
		"用 modprobe dahdi 加载，并查看 dmesg。":                                                                                      {"modprobe dahdi"},
		"timedatectl set-ntp true; without the Internet, use a clock of your network (chrony).":                               {"timedatectl set-ntp true"},
		"Nothing.": nil,
	} {
		if got := commands(remedy); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", remedy, got, want)
		}
	}
}

// newCounterVec makes a counter of boards' spans, and what moves it.
func newCounterVec(r prometheus.Registerer, name string) func(labels ...string) {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: "For a test."}, []string{"board", "span"})
	r.MustRegister(v)
	return func(labels ...string) { v.WithLabelValues(labels...).Inc() }
}

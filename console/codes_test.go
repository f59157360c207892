package console

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
	"vaad/calls/learn"
	"vaad/channels"
	"vaad/channels/analog"
	"vaad/recorder"
	"vaad/recorder/index"
)

// hasWords wants words in the catalogue for every code of a group.
func hasWords[T ~string](t *testing.T, group string, codes ...T) {
	t.Helper()
	for _, c := range codes {
		if _, ok := text.Lookup(text.English, group+"."+string(c)); !ok && c != "" {
			t.Errorf("%s.%s has no words", group, c)
		}
	}
}

// constants are the string constants of a package whose names begin with prefix.
func constants(t *testing.T, dir, prefix string) []string {
	t.Helper()
	var out []string
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files, %v", dir, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name) // read here, so that the test's cache notices a change
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != len(v.Names) {
				return true
			}
			for i, id := range v.Names {
				lit, ok := v.Values[i].(*ast.BasicLit)
				if ok && lit.Kind == token.STRING && strings.HasPrefix(id.Name, prefix) {
					s, _ := strconv.Unquote(lit.Value)
					out = append(out, s)
				}
			}
			return true
		})
	}
	if len(out) == 0 {
		t.Errorf("%s has no constants %s…: is the test looking at the right place?", dir, prefix)
	}
	return out
}

func TestEveryCodeHasWordsInTheCatalogue(t *testing.T) {
	hasWords(t, "state", channels.States()...)
	hasWords(t, "board", channels.BoardOpening, channels.BoardRunning, channels.BoardGone, channels.BoardFailed)
	hasWords(t, "direction", channels.Incoming, channels.Outgoing)
	hasWords(t, "direction", analog.In, analog.Out, analog.DirectionUnknown)
	hasWords(t, "trigger", recorder.Off, recorder.Manual, recorder.Voltage, recorder.Continuous)
	hasWords(t, "recording-state", index.StateOpen, index.StateSealed, index.StateRecovered, index.StateTrash, index.StateErased)
	hasWords(t, "role", access.Roles()...)
	hasWords(t, "verb", access.Verbs()...)
	hasWords(t, "severity", alarm.Warning, alarm.Critical)
	hasWords(t, "ended-by", calls.EndedByRestart, calls.EndedByOverflow, calls.EndedByNext, channels.EndReconfigured)
	hasWords(t, "ended-by", constants(t, "../channels/analog", "End")...)
	hasWords(t, "ended-by", constants(t, "../channels/pri", "End")...)
	hasWords(t, "ended-by", constants(t, "../recorder", "End")...)
	hasWords(t, "ended-by", constants(t, "../recorder/archive", "EndedBy")...)
	hasWords(t, "story", constants(t, "../recorder/archive", "Entry")...)
	hasWords(t, "story", constants(t, "../recorder", "entry")...)
	hasWords(t, "story", constants(t, "../recorder/archive", "Act")...)
	hasWords(t, "modem-rule", recorder.ModemSkip, recorder.ModemLossless)
	hasWords(t, "known-by", "q931", "bell202", "v23", "dtmf", analog.InKeys, analog.InPulses, analog.OwnNumber)
	hasWords(t, "caller-lost", "damaged", "unframed", "missing")
	hasWords(t, "answered-by", constants(t, "../channels/analog", "By")...)
	hasWords(t, "because.direction", constants(t, "../channels/analog", "From")...)
	hasWords(t, "because.direction", "setup")
	hasWords(t, "because.caller", "q931", "bell202", "v23", "dtmf", "damaged", "unframed", "missing", "silent", "unknown", analog.Private, analog.Unavailable, analog.OwnNumber)
	hasWords(t, "because.called", "q931", analog.InKeys, analog.InPulses, analog.OwnNumber, "unknown", "prefix")
	hasWords(t, "because.answer", constants(t, "../channels/analog", "By")...)
	outcomes := []string{analog.Answered, analog.Missed, analog.Busy, analog.Congestion, analog.Vacant, analog.NoAnswer, analog.GivenUp, analog.NotDialled, analog.Unclear}
	hasWords(t, "because.outcome", outcomes...)
	hasWords(t, "outcome", outcomes...)
	for f := analog.BellBefore; f.String() != ""; f++ {
		hasWords(t, "format", f.String())
	}
	hasWords(t, "why", constants(t, "../recorder", "Why")...)
	hasWords(t, "why", recorder.Manual, recorder.Voltage, recorder.Continuous)
	for _, st := range learn.States() {
		hasWords(t, "learn-step", st.String())
	}
	hasWords(t, "learn-item", learn.Codes()...)
	hasWords(t, "learn-why", constants(t, "../calls/learn", "why")...)
	hasWords(t, "learn-not", constants(t, "../calls/learn", "not")...)
	hasWords(t, "learn-answer", analog.ByReversal, analog.ByVoice, analog.ByModem, "ringback-over")
	hasWords(t, "use", "unused", "tap", "trunk", "station")
	hasWords(t, "codec", "g711a", "g711u", "pcm16")
	hasWords(t, "side", "mixed", "network", "local")
	hasWords(t, "leg-state", calls.LegStates()...)
	hasWords(t, "leg-role", calls.Roles()...)
	hasWords(t, "wish", constants(t, "../channels/analog", "Refused")...)
	for _, code := range calls.FailureCodes() {
		hasWords(t, "problem", codeOfFailure(code))
		if codeOfFailure(code) == "internal" {
			t.Errorf("the failure %s is answered as one of vaad", code)
		}
	}
	hasWords(t, "result", "ok", "denied", "failed")
	for _, f := range facts(t) {
		hasWords(t, "fact", f)
	}
	for _, k := range alarm.Table() {
		hasWords(t, "alarm", k.Code, k.Code+".remedy")
	}
}

// facts are the kinds of events, as channels declares them.
func facts(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile("../channels/event.go")
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "EventKind" {
				s, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				out = append(out, s)
			}
		}
		return true
	})
	if len(out) < 15 {
		t.Errorf("only %d kinds of events were found", len(out))
	}
	return out
}

func TestEveryProblemIsAnsweredSomewhere(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../recorder/archive/keyring.go") // names those of keys and changed audio
	said := map[string]bool{}                               // by vaad-usb
	for code := range firmwareStatuses() {
		said[api.FirmwareProblem(code)] = true
	}
	var all strings.Builder
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			all.Write(read(t, name))
		}
	}
	for code := range statuses() {
		if said[code] {
			continue
		}
		if strings.Count(all.String(), `"`+code+`"`) < 2 {
			t.Errorf("%s stands in the table of problems and nowhere else", code)
		}
	}
}

func TestNoAlarmHasWordsWithoutBeingInTheTable(t *testing.T) {
	var known []string
	for _, k := range alarm.Table() {
		known = append(known, k.Code)
	}
	for _, k := range text.Keys(text.English) {
		code, ok := strings.CutPrefix(k, "alarm.")
		if ok && !strings.HasSuffix(code, ".remedy") && !slices.Contains(known, code) {
			t.Errorf("%s is no alarm", k)
		}
	}
}

func TestAlarmTextsAreWholeWhateverIsKnown(t *testing.T) {
	for _, k := range alarm.Table() {
		for _, lang := range text.Languages() {
			bare := alarmOf(alarm.Alarm{Code: k.Code, Subject: "7"}, lang)
			if strings.ContainsAny(bare.Text+bare.Remedy, "{}") {
				t.Errorf("%s: %s %s", k.Code, bare.Text, bare.Remedy)
			}
		}
	}
	a := alarmOf(alarm.Alarm{Code: "board-failed", Subject: "b", Args: map[string]string{"reason": "open-failed", "error": "no such device"}}, text.English)
	if !strings.HasSuffix(a.Text, "no such device") {
		t.Errorf("the cause is not told: %s", a.Text)
	}
}

// TestEveryRaisedAlarmTellsItsValues looks at every Raise in the project whose
// code and values are written there, and wants the text's values among them.
func TestEveryRaisedAlarmTellsItsValues(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && len(d.Name()) > 2 && d.Name()[0] == '.' { // caches, with trees of others
			return fs.SkipDir
		}
		if errors.Is(err, fs.ErrNotExist) { // what others built here beside it is gone
			return nil
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			code, args, ok := raised(n)
			if !ok {
				return true
			}
			seen++
			if _, known := alarm.Find(code); !known {
				t.Errorf("%s raises %s, which is not in the table", name, code)
			}
			for _, want := range text.Names("alarm." + code) {
				if want != "subject" && !slices.Contains(args, want) && (want != "reason" || !slices.Contains(args, "error")) {
					t.Errorf("%s raises %s without %s", name, code, want)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 5 {
		t.Errorf("only %d alarms were found", seen)
	}
}

// raised takes Raise("code", …, map[string]string{"name": …}) apart.
func raised(n ast.Node) (code string, args []string, ok bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 3 {
		return "", nil, false
	}
	fn, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fn.Sel.Name != "Raise" {
		return "", nil, false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "", nil, false
	}
	code, _ = strconv.Unquote(lit.Value)
	m, ok := call.Args[2].(*ast.CompositeLit)
	if !ok {
		return "", nil, false
	}
	for _, e := range m.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if k, ok := kv.Key.(*ast.BasicLit); ok {
				s, _ := strconv.Unquote(k.Value)
				args = append(args, s)
			}
		}
	}
	return code, args, true
}

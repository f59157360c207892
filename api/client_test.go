package api

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestEventStreamIsReadAsWritten(t *testing.T) {
	stream := "retry: 2000\n\n: comment\n\nid: B-1\nevent: snapshot\ndata: {\"a\":\ndata: 1}\n\n" +
		"event: event\r\ndata:{}\r\n\r\nid: B-2\n\ndata: last\n\nevent: cut\ndata: off"
	var got []Message
	err := messages(strings.NewReader(strings.ReplaceAll(stream, "\r", "")), func(m Message) error {
		got = append(got, m)
		return nil
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the end is %v", err)
	}
	want := []Message{{"snapshot", "B-1", []byte(`{"a":1}`)}, {"event", "B-1", []byte(`{}`)}, {"", "B-2", []byte("last")}}
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i].Event != want[i].Event || got[i].ID != want[i].ID || string(got[i].Data) != string(want[i].Data) {
			t.Errorf("message %d: %s %s %s, want %s %s %s", i, got[i].Event, got[i].ID, got[i].Data, want[i].Event, want[i].ID, want[i].Data)
		}
	}
	stop := errors.New("enough")
	if err := messages(strings.NewReader(stream), func(Message) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the reader's own error is lost: %v", err)
	}
	if err := messages(strings.NewReader("data: "+strings.Repeat("x", maxMessage+1)), func(Message) error { return nil }); err == nil {
		t.Error("a message without end is taken")
	}
}

func TestAnswersThatAreNoProblemsAreErrorsToo(t *testing.T) {
	resp := &http.Response{StatusCode: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<b>gateway</b>"))}
	var p *Problem
	if err := problem(resp); !errors.As(err, &p) || p.Status != 502 || p.Title != "Bad Gateway" || !strings.Contains(err.Error(), "gateway") {
		t.Errorf("%+v", p)
	}
}

func TestProblemReadsAsSentences(t *testing.T) {
	p := &Problem{Title: "No such line", Detail: "start: line 3: gone", Line: 3, Remedy: "Look.", Errors: []ProblemError{{Location: "a.b", Message: "bad"}}}
	if got := p.Error(); got != "No such line: start: line 3: gone\n  a.b: bad\nLook." {
		t.Errorf("%q", got)
	}
	if got := (&Problem{Status: 404, Line: 7}).Error(); got != "Not Found (line 7)" {
		t.Errorf("%q", got)
	}
}

func TestFilterSaysOnlyWhatIsSet(t *testing.T) {
	if q := (Filter{}).values().Encode(); q != "" {
		t.Errorf("%s", q)
	}
	f := Filter{Lines: []int{1, 2}, Number: "1*", From: time.Unix(0, 0), MinDuration: 1.5, Text: "x", Limit: 3, After: "c"}
	if q := f.values().Encode(); q != "after=c&from=1970-01-01T00%3A00%3A00Z&limit=3&line=1%2C2&min_duration=1.5&number=1%2A&text=x" {
		t.Errorf("%s", q)
	}
}

func TestAddressesAreChecked(t *testing.T) {
	for _, s := range []string{"8470", "127.0.0.1:8470", "ftp://x", "http://", "http://%"} {
		if _, err := New(Options{Server: s}); err == nil {
			t.Errorf("%s is taken", s)
		}
	}
}

package console

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"vaad/channels"
	"vaad/dsp/wav"
)

// fakeDChannels keep a call on span 1 of the board sim: SETUP, DISCONNECT with cause 41.
type fakeDChannels struct{}

func fakeFrames() []DFrame {
	call := &DCall{Seq: 1, Origin: "network", Ref: 5, Slot: 1, Line: 1, Caller: "+862131234567", Called: "801"}
	at := begun.Add(time.Minute)
	return []DFrame{
		{Seq: 1, Time: at, From: "user", Raw: []byte{0, 1, 1, 2}, Layer: 2, Name: "RR", Kind: "RR", NS: -1, NR: 1},
		{Seq: 2, Time: at, From: "network", Raw: []byte{2, 1, 0, 0, 8}, Layer: 3, Name: "SETUP", Kind: "I", Call: call, Elements: []DElement{
			{ID: "6c", Code: "calling", Details: [][2]string{{"digits", "2131234567"}, {"type.international", ""}}, Raw: []byte{0x11, 0x83}},
			{ID: "55", Raw: []byte{1}}}},
		{Seq: 3, Time: at.Add(time.Second), From: "network", Raw: []byte{2, 1, 2, 2, 8}, Layer: 3, Name: "DISCONNECT", Kind: "I", NS: 1, NR: 1, Cause: 41, Missing: 2, Call: call,
			Elements: []DElement{{ID: "08", Code: "cause", Details: [][2]string{{"cause", "41"}}}}},
	}
}

func (fakeDChannels) Frames(board string, span int, after uint64, f func(DFrame)) (DKept, error) {
	if span != 1 {
		return DKept{}, channels.ErrNoSpan
	}
	all := fakeFrames()
	for _, x := range all {
		if x.Seq > after {
			f(x)
		}
	}
	return DKept{Kept: len(all), Since: all[0].Time, Newest: 3}, nil
}

func (fakeDChannels) OfCall(line int, from, to time.Time) (out []DFrame) {
	for _, f := range fakeFrames() {
		if f.Call != nil && f.Call.Line == line && !f.Time.Before(from) && f.Time.Before(to) {
			out = append(out, f)
		}
	}
	return out
}

func (fakeDChannels) Stored(all []DStored) (out []DFrame) {
	for _, s := range all {
		from := "user"
		if s.FromNetwork {
			from = "network"
		}
		out = append(out, DFrame{Time: s.Time, From: from, Raw: s.Raw, Layer: 3, Name: "SETUP", Kind: "I"})
	}
	return out
}

const (
	keptOne   = "20261122T080000.000Z-line-1-01K0CALLCALLCALLCALLCALLCA-damaged.wav"
	keptThree = "20261122T090000.000Z-line-3-01K0CALLCALLCALLCALLCALLCB-missing.wav"
)

// fakeRedecoding keeps a caller ID on lines 1 and 3.
type fakeRedecoding struct{ taken, free int }

func (r *fakeRedecoding) Acquire(context.Context) error { r.taken++; return nil }
func (r *fakeRedecoding) Release()                      { r.free++ }
func (r *fakeRedecoding) Country(int) string            { return "CN" }

func (r *fakeRedecoding) Kept() ([]KeptAudio, error) {
	return []KeptAudio{{Name: keptOne, Time: begun, Line: 1, Reason: "damaged", Bytes: 8094},
		{Name: keptThree, Time: begun.Add(time.Hour), Line: 3, Reason: "missing", Bytes: 8094}}, nil
}

func (r *fakeRedecoding) OpenKept(name string) (io.ReadSeekCloser, error) {
	if name != keptOne && name != keptThree {
		return nil, fs.ErrNotExist
	}
	return closer{bytes.NewReader(append(wav.Header(wav.ALaw, 8000), make([]byte, 8000)...))}, nil
}

type closer struct{ io.ReadSeeker }

func (closer) Close() error { return nil }

func fakeDoctor(_ context.Context, known DoctorView) ([]DoctorFinding, error) {
	if len(known.Boards) == 0 || len(known.Lines) == 0 {
		return nil, errors.New("the doctor was told nothing")
	}
	return []DoctorFinding{{"dahdi-not-loaded", "fault", nil}, {"kernel", "ok", map[string]string{"release": "6.12", "version": "6.12", "kernel": "6.12"}}}, nil
}

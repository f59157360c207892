package targettest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"vaad/recorder/backup/target"
)

// Run is the conformance suite: whatever target.Target promises. fresh makes an
// empty place for each test.
func Run(t *testing.T, fresh func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Place)
	}{
		{"WhatWasPutIsGivenBack", givenBack},
		{"AnyRangeCanBeRead", ranges},
		{"NothingIsWrittenWithoutTheMarker", unmarked},
		{"APutReplacesAtOnce", replaces},
		{"AShortOrBrokenSourceChangesNothing", sources},
		{"AnInterruptedPutGoesOn", interrupted},
		{"AnInterruptedPutOfAnotherFileIsNotContinued", changed},
		{"PutsAtTheSameTimeDoNotMix", concurrent},
		{"ListsAreInOrder", lists},
		{"FiveThousandNamesAreListedInOrder", many},
		{"WhatIsRemovedIsGone", removes},
		{"SweepTakesOnlyWhatIsOld", sweeps},
		{"NoNameLeadsOut", hostile},
		{"NothingWorksAfterClose", closed},
		{"AContextThatEndsEndsTheCall", canceled},
		{"ErrorsSayWhereAndWhat", speaking},
		{"AVanishedPlaceIsAnErrorAndComesBack", vanishes},
		{"ABrokenConnectionLosesNothing", cut},
		{"AHungPlaceIsGivenUp", freezes},
		{"ASlowPlaceIsWaitedFor", slow},
		{"AnySequenceOfCallsIsThatOfAMap", model},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

func givenBack(t *testing.T, p Place) {
	tg := p.ready(t)
	sizes := []int64{0, 1, 65535, 65536, 65537, 300_001}
	if p.Big > 0 {
		sizes = append(sizes, p.Big, p.Big+1)
	}
	for i, n := range sizes {
		b := Bytes(int(n), uint64(i))
		put(t, tg, "d/from", b)
		wantBytes(t, tg, "d/from", b)
		if err := tg.Put(deadline(t), "d/stream", n, bytes.NewReader(b)); err != nil {
			t.Fatalf("put of %d bytes: %v", n, err)
		}
		wantBytes(t, tg, "d/stream", b)
		// A source may give its bytes in any pieces, and have more than wanted.
		if err := tg.Put(deadline(t), "d/odd", n, iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(append(slices.Clone(b), "more"...))))); err != nil {
			t.Fatalf("put of %d bytes of more: %v", n, err)
		}
		wantBytes(t, tg, "d/odd", b)
	}
	again := p.open(t)
	wantBytes(t, again, "d/from", Bytes(int(sizes[len(sizes)-1]), uint64(len(sizes)-1)))
	if _, err := tg.Space(deadline(t)); err != nil {
		t.Errorf("space: %v", err)
	}
}

func ranges(t *testing.T, p Place) {
	tg := p.ready(t)
	b := Bytes(200_000, 1)
	put(t, tg, "f", b)
	put(t, tg, "empty", nil)
	for _, r := range []struct{ off, n, lo, hi int64 }{
		{0, -1, 0, 200_000}, {0, 0, 0, 0}, {0, 1, 0, 1}, {199_999, 1, 199_999, 200_000}, {65_530, 12, 65_530, 65_542},
		{100, -1, 100, 200_000}, {199_000, 5000, 199_000, 200_000}, {200_000, 1, 0, 0}, {200_000, -1, 0, 0}, {300_000, -1, 0, 0}, {1, 1 << 62, 1, 200_000},
	} {
		got, err := read(t, tg, "f", r.off, r.n)
		if err != nil || !bytes.Equal(got, b[r.lo:r.hi]) {
			t.Errorf("get %d bytes from %d: %v, %s", r.n, r.off, err, differ(got, b[r.lo:r.hi]))
		}
	}
	if got, err := read(t, tg, "empty", 0, -1); err != nil || len(got) != 0 {
		t.Errorf("get of an empty file: %d bytes, %v", len(got), err)
	}
}

func unmarked(t *testing.T, p Place) {
	tg := p.open(t)
	ctx := deadline(t)
	b := Bytes(10, 1)
	for op, err := range map[string]error{
		"put":    tg.Put(ctx, "a", 10, bytes.NewReader(b)),
		"from":   tg.PutFrom(ctx, "a/b", 10, bytes.NewReader(b)),
		"remove": tg.Remove(ctx, "a"),
	} {
		if !errors.Is(err, target.ErrNoMarker) {
			t.Errorf("%s without a marker: %v", op, err)
		}
	}
	if _, err := tg.Sweep(ctx, 0); !errors.Is(err, target.ErrNoMarker) {
		t.Errorf("sweep without a marker: %v", err)
	}
	if all := names(t, tg, ""); len(all) != 0 {
		t.Errorf("there is something all the same: %v", all)
	}
	if _, err := tg.Stat(ctx, target.Marker); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("stat of the missing marker: %v", err)
	}
	mark(t, tg)
	put(t, tg, "a/b", b)
	wantBytes(t, tg, "a/b", b)
	wantBytes(t, p.open(t), target.Marker, []byte("{}"))
}

func replaces(t *testing.T, p Place) {
	tg := p.ready(t)
	old, new := Bytes(100_000, 1), Bytes(90_000, 2)
	put(t, tg, "x/y", old)
	r, err := tg.Get(deadline(t), "x/y", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	put(t, tg, "x/y", new)
	wantBytes(t, tg, "x/y", new)
	if err := r.Close(); err != nil {
		t.Errorf("close of a reader half-way: %v", err)
	}
	put(t, tg, "x/y", nil)
	wantBytes(t, tg, "x/y", nil)
}

func sources(t *testing.T, p Place) {
	tg := p.ready(t)
	ctx := deadline(t)
	old := Bytes(1000, 1)
	put(t, tg, "f", old)
	b := Bytes(200_000, 2)
	broken := errors.New("the source broke")
	for what, c := range map[string]struct {
		err  error
		want error
	}{
		"short":        {tg.Put(ctx, "f", 200_001, bytes.NewReader(b)), target.ErrShort},
		"short from":   {tg.PutFrom(ctx, "f", 200_001, bytes.NewReader(b)), target.ErrShort},
		"broken":       {tg.Put(ctx, "f", 200_000, iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(b)))), target.ErrSource},
		"broken from":  {tg.PutFrom(ctx, "f", 200_000, &breaking{ReaderAt: bytes.NewReader(b), at: 100_000, err: broken}), target.ErrSource},
		"negative":     {tg.Put(ctx, "f", -1, bytes.NewReader(b)), target.ErrShort},
		"missing file": {tg.PutFrom(ctx, "f", 200_000, &breaking{ReaderAt: bytes.NewReader(b), at: 0, err: fs.ErrNotExist}), target.ErrSource},
	} {
		if !errors.Is(c.err, c.want) || target.Temporary(c.err) {
			t.Errorf("%s source: %v", what, c.err)
		}
	}
	wantBytes(t, tg, "f", old)
	put(t, tg, "f", b)
	wantBytes(t, tg, "f", b)
}

func lists(t *testing.T, p Place) {
	tg := p.ready(t)
	all := []string{"a/b/c", "a/b/d.wav", "a/b-c", "a/bc", "a-b/c", "a.b", "a/b.c", "B/x", "a/b+", "z", "a/b0/q", "a=1"}
	for _, name := range all {
		put(t, tg, name, []byte(name))
	}
	want := append(slices.Clone(all), target.Marker)
	slices.Sort(want)
	if got := names(t, tg, ""); !slices.Equal(got, want) {
		t.Errorf("all: %v\nwant %v", got, want)
	}
	for prefix, want := range map[string][]string{
		"a/b": {"a/b/c", "a/b/d.wav"}, "a/b/c": nil, "none": nil, "none/of/it": nil, "B": {"B/x"}, "z": nil,
		"a": {"a/b+", "a/b-c", "a/b.c", "a/b/c", "a/b/d.wav", "a/b0/q", "a/bc"},
	} {
		if got := names(t, tg, prefix); !slices.Equal(got, want) {
			t.Errorf("below %q: %v, want %v", prefix, got, want)
		}
	}
	stop := errors.New("enough")
	n := 0
	if err := tg.List(deadline(t), "", func(target.Entry) error { n++; return stop }); err != stop || n != 1 {
		t.Errorf("a list that was stopped: %v after %d", err, n)
	}
	n = 0
	if err := tg.List(deadline(t), "a", func(target.Entry) error { n++; return fs.SkipAll }); err != nil || n != 1 {
		t.Errorf("a list that was ended: %v after %d", err, n)
	}
	// Who lists may use the target meanwhile.
	if err := tg.List(deadline(t), "a", func(e target.Entry) error {
		wantBytes(t, tg, e.Name, []byte(e.Name))
		return tg.Remove(deadline(t), e.Name)
	}); err != nil {
		t.Errorf("a list of what is removed: %v", err)
	}
	if got := names(t, tg, "a"); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func many(t *testing.T, p Place) {
	if testing.Short() {
		t.Skip("long")
	}
	tg := p.ready(t)
	var all []string
	for i := range 5000 {
		all = append(all, strings.Repeat("x", 1+i%7)+"/"+string(rune('a'+i%26))+"/"+string(rune('A'+i%25))+strings.Repeat("0", i%11)+itoa(i))
	}
	if p.Plant != nil {
		p.Plant(t, all)
	} else {
		for _, name := range all {
			put(t, tg, name, []byte(name))
		}
	}
	want := append(all, target.Marker)
	slices.Sort(want)
	got := names(t, tg, "")
	if !slices.Equal(got, want) {
		t.Fatalf("%d names for %d, in order: %v", len(got), len(want), slices.IsSorted(got))
	}
	for _, prefix := range []string{"x", "xxx/b", "xxxxxxx/z"} {
		n := 0
		for _, name := range want {
			if target.Below(prefix, name) {
				n++
			}
		}
		if got := names(t, tg, prefix); len(got) != n || !slices.IsSorted(got) {
			t.Errorf("below %s: %d for %d", prefix, len(got), n)
		}
	}
	ctx, cancel := context.WithCancel(deadline(t))
	n := 0
	err := tg.List(ctx, "", func(target.Entry) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n == 5001 {
		t.Errorf("a list with a context that ended: %v after %d", err, n)
	}
}

func itoa(i int) string {
	return string([]byte{byte('0' + i/1000), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)})
}

func removes(t *testing.T, p Place) {
	tg := p.ready(t)
	ctx := deadline(t)
	put(t, tg, "a/b", []byte("x"))
	put(t, tg, "a/c", []byte("y"))
	for range 2 {
		if err := tg.Remove(ctx, "a/b"); err != nil {
			t.Fatalf("remove: %v", err)
		}
	}
	for _, never := range []string{"a/d", "q/r/s", "a/c/under", "a"} {
		if err := tg.Remove(ctx, never); err != nil {
			t.Errorf("remove of %s, which never was: %v", never, err)
		}
	}
	if _, err := tg.Stat(ctx, "a/b"); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("stat of what was removed: %v", err)
	}
	if _, err := read(t, tg, "a/b", 0, -1); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("get of what was removed: %v", err)
	}
	for _, never := range []string{"a", "a/c/under"} {
		if _, err := tg.Stat(ctx, never); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("stat of %s, which is no file: %v", never, err)
		}
		if _, err := read(t, tg, never, 0, -1); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("get of %s, which is no file: %v", never, err)
		}
	}
	wantBytes(t, tg, "a/c", []byte("y"))
	put(t, tg, "a/b", []byte("again"))
	wantBytes(t, tg, "a/b", []byte("again"))
}

func hostile(t *testing.T, p Place) {
	tg := p.ready(t)
	ctx := deadline(t)
	for _, name := range []string{"", "/", "/etc/passwd", "..", "../x", "a/../b", "a//b", "a/", ".", "./a", ".hidden", "a/.vaad-partial/x",
		"a\x00b", "a\nb", "a b", "ä", "a\\b", "a:b", "-rf", strings.Repeat("x", target.MaxSegment+1), strings.Repeat("a/", target.MaxDepth) + "a"} {
		errs := map[string]error{
			"put": tg.Put(ctx, name, 1, strings.NewReader("x")), "from": tg.PutFrom(ctx, name, 1, strings.NewReader("x")), "remove": tg.Remove(ctx, name),
		}
		_, errs["stat"] = tg.Stat(ctx, name)
		_, errs["get"] = tg.Get(ctx, name, 0, -1)
		if name != "" {
			errs["list"] = tg.List(ctx, name, func(target.Entry) error { return nil })
		}
		for op, err := range errs {
			if !errors.Is(err, target.ErrName) {
				t.Errorf("%s of %q: %v", op, name, err)
			}
		}
	}
	long := strings.Repeat(strings.Repeat("n", target.MaxSegment-6)+"/", 4) + "x.wav"
	put(t, tg, long, []byte("long"))
	wantBytes(t, tg, long, []byte("long"))
}

func closed(t *testing.T, p Place) {
	tg := p.ready(t)
	put(t, tg, "a", []byte("x"))
	for range 2 {
		if err := tg.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	ctx := deadline(t)
	errs := map[string]error{
		"put": tg.Put(ctx, "a", 1, strings.NewReader("x")), "from": tg.PutFrom(ctx, "a", 1, strings.NewReader("x")), "remove": tg.Remove(ctx, "a"),
		"list": tg.List(ctx, "", func(target.Entry) error { return nil }),
	}
	_, errs["stat"] = tg.Stat(ctx, "a")
	_, errs["get"] = tg.Get(ctx, "a", 0, -1)
	_, errs["space"] = tg.Space(ctx)
	_, errs["sweep"] = tg.Sweep(ctx, 0)
	for op, err := range errs {
		if !errors.Is(err, target.ErrClosed) {
			t.Errorf("%s after close: %v", op, err)
		}
	}
}

func speaking(t *testing.T, p Place) {
	tg := p.ready(t)
	_, err := tg.Stat(deadline(t), "no/such")
	e, ok := errors.AsType[*target.Error](err)
	if !ok || e.Op != "stat" || e.Name != "no/such" || e.Target != tg.Name() || !errors.Is(err, target.ErrNotExist) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("stat of nothing: %#v", err)
	}
	for _, word := range []string{tg.Name(), "stat", "no/such"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if target.Class(err) != "not_exist" || target.Temporary(err) {
		t.Errorf("class %q", target.Class(err))
	}
}

package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

// secretly has recordings and stories encrypted.
const secretly = "[settings.encryption]\nenabled = true\nstories = true\n"

// raw is the whole answer to a GET at the daemon's socket, or a range of it.
func raw(ctx context.Context, d *Daemon, path, ranged string) ([]byte, error) {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(d.Root, "run/vaad.sock"))
	}}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vaad/api/v1"+path, nil)
	if err != nil {
		return nil, err
	}
	want := http.StatusOK
	if ranged != "" {
		r.Header.Set("Range", ranged)
		want = http.StatusPartialContent
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %d %s", path, ranged, resp.StatusCode, b)
	}
	return b, err
}

// found names the files below a folder that have these bytes.
func found(t *testing.T, folder string, what []byte) (in []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(p)
		if bytes.Contains(b, what) {
			in = append(in, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestEncryptedRecordingsSurviveKillsAndAreReadableByNobodyElse kills the daemon
// while it seals, again and again; then all is there, plays from any place, and no
// file has a piece of it.
func TestEncryptedRecordingsSurviveKillsAndAreReadableByNobodyElse(t *testing.T) {
	t.Parallel()
	const lines = 6
	rounds := counts(2, 4, 20)
	root := scratch(t)
	config := quietly + board("b", "real", lines, "") + pin(1, lines, "trigger = \"continuous\"\nmax_ms = 5000") + secretly
	rng := rand.New(rand.NewPCG(4, uint64(rounds)))
	sent := make([][]uint32, rounds)
	for round := range rounds {
		ctx := within(t, 2*time.Minute)
		d := start(t, root, config)
		peers := make([]*Peer, lines)
		for i := range peers {
			next, base := Numbered(i+1), uint32(round)*100_000
			peers[i] = &Peer{Line: i + 1, Next: func(n uint32, dst []int16) ([]string, bool) { return next(base+n, dst) }}
		}
		ps, err := Dial(sockets(d, "b"), peers...)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- ps.Run(ctx) }()
		select { // all lines' segments end at 5 s: the kill comes while they are sealed
		case err := <-done:
			t.Fatalf("the peers ended early: %v\n%s", err, d.Log())
		case <-time.After(5*time.Second + time.Duration(rng.IntN(400))*time.Millisecond):
		}
		d.Kill()
		<-done // the sockets are gone: every peer ends with an error
		for _, p := range peers {
			sent[round] = append(sent[round], p.Sent.Load())
		}
	}
	ctx := within(t, 3*time.Minute)
	d := start(t, root, quietly+board("b", "real", lines, "")+pin(1, lines, `trigger = "off"`)+secretly)
	sealed(t, d)
	for line := 1; line <= lines; line++ {
		runs, err := d.Heard(ctx, line, root)
		if err != nil {
			t.Fatal(err)
		}
		last := map[int]uint32{}
		for _, r := range runs {
			round := int(r.First / 100_000)
			if first := r.First % 100_000; first != last[round] {
				t.Errorf("line %d round %d: blocks %d…%d are missing", line, round, last[round], first-1)
			}
			last[round] = r.Last%100_000 + 1
		}
		for round := range rounds {
			if n := sent[round][line-1]; n-min(n, last[round]) > second {
				t.Errorf("line %d round %d: %d blocks sent, %d recorded", line, round, n, last[round])
			}
		}
	}
	rows, err := Rows[struct {
		ID        string `json:"id"`
		Encrypted bool   `json:"encrypted"`
	}](ctx, d, "recordings")
	if err != nil || len(rows) < rounds*lines {
		t.Fatal(len(rows), err)
	}
	for i, r := range rows {
		if !r.Encrypted {
			t.Errorf("%s is not encrypted", r.ID)
		}
		if i > 4 {
			continue
		}
		path := "/recordings/" + r.ID + "/audio"
		whole, err := raw(ctx, d, path, "")
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			from := rng.IntN(len(whole))
			to := from + rng.IntN(len(whole)-from)
			part, err := raw(ctx, d, path, fmt.Sprintf("bytes=%d-%d", from, to))
			if err != nil || !bytes.Equal(part, whole[from:to+1]) {
				t.Errorf("bytes %d-%d of %d: %d bytes, %v", from, to, len(whole), len(part), err)
			}
		}
		if in := found(t, root, whole[len(whole)/2:][:80]); len(in) > 0 {
			t.Errorf("audio of %s is readable in %v", r.ID, in)
		}
	}
	for _, ext := range []string{"wav", "jsonl"} {
		if names, err := filepath.Glob(filepath.Join(root, "recordings/*/*/*/*."+ext)); err != nil || ext == "wav" && len(names) > 0 || ext == "jsonl" && strings.Contains(fmt.Sprint(names), rows[0].ID) {
			t.Errorf("unencrypted: %v %v", names, err)
		}
	}
	if out, err := d.Ctl(ctx, "encryption", "rotate"); err != nil {
		t.Errorf("rotate: %v %s", err, out)
	}
	if b, err := raw(ctx, d, "/recordings/"+rows[0].ID+"/audio", ""); err != nil || !bytes.HasPrefix(b, []byte("RIFF")) {
		t.Errorf("after a rotation: %v", err)
	}
	complete(t, d)
}

// TestAnErasedKeyMakesEveryCopyUnreadableAndProofsRemain has recordings of a real
// line: their proof, with the key for who may hear it; a backup of the keys; and
// after erasing one, what copies, old backups and the evidence log say.
func TestAnErasedKeyMakesEveryCopyUnreadableAndProofsRemain(t *testing.T) {
	once(t)
	root, ctx := scratch(t), within(t, 2*time.Minute)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const id = "01M82V5SD0DBK7GFTFQQMHPVNR"
	open := filepath.Join(root, "recordings/open")
	ok(os.MkdirAll(open, 0o755))
	plain := map[string][]byte{}
	for _, name := range []string{id + ".network.wav", id + ".local.wav", id + ".jsonl"} {
		b, err := os.ReadFile("../recorder/archive/testdata/compat/v2/2026/11/22/" + name)
		ok(err)
		plain[name] = b
		ok(os.WriteFile(filepath.Join(open, name), b, 0o644))
	}
	run := func() *Daemon { return start(t, root, quietly+board("b", "real", 1, "")+secretly) }
	d := run()
	sealed(t, d)
	ctl := func(args ...string) string {
		t.Helper()
		out, err := d.Ctl(ctx, append([]string{"--lang", "en"}, args...)...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	refused := func(words string, args ...string) {
		t.Helper()
		if out, err := d.Ctl(ctx, append([]string{"--lang", "en"}, args...)...); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v: %v %s; want %q", args, err, out, words)
		}
	}
	if out := ctl("show", id); !strings.Contains(out, "encrypted") {
		t.Errorf("%s", out)
	}
	if out := ctl("encryption", "status"); !strings.Contains(out, "audio and stories") {
		t.Errorf("%s", out)
	}
	identity, err := age.GenerateX25519Identity()
	ok(err)
	ok(os.WriteFile(filepath.Join(root, "identity"), []byte(identity.String()+"\n"), 0o600))
	backup := filepath.Join(root, "keys.age")
	ctl("encryption", "export", "--to", backup, "--recipient", identity.Recipient().String())
	stop(t, d) // the log is signed
	copied := filepath.Join(root, "copy", id+".local.wav.enc")
	stored, err := os.ReadFile(filepath.Join(root, "recordings/2026/11/22", id+".local.wav.enc"))
	ok(err)
	ok(os.MkdirAll(filepath.Dir(copied), 0o755))
	ok(os.WriteFile(copied, stored, 0o600))
	keys := filepath.Join(root, "keys")
	hear := func(from string) { // the copy is what was recorded
		t.Helper()
		out := filepath.Join(root, "heard.wav")
		ctl("--keys", from, "transcode", copied, out, "--codec", "alaw")
		b, err := os.ReadFile(out)
		if ok(err); !bytes.Contains(b, plain[id+".local.wav"][94:594]) {
			t.Error("what is heard is not what was recorded")
		}
		ok(os.Remove(out))
	}
	hear(keys)
	if out := ctl("verify"); strings.Contains(out, "as they are stored") {
		t.Errorf("with keys: %s", out)
	}
	ok(os.Rename(keys, keys+".away"))
	if out := ctl("verify"); !strings.Contains(out, "3 encrypted files were compared as they are stored") {
		t.Errorf("without keys: %s", out)
	}
	refused("its key is not here", "transcode", copied, filepath.Join(root, "x.wav"), "--codec", "alaw")
	ok(os.Rename(keys+".away", keys))

	bundle := filepath.Join(root, "proof.zip")
	ctl("evidence", "export", id, "--out", bundle, "--with-key")
	ctl("verify", "--bundle", bundle)
	z, err := zip.OpenReader(bundle)
	ok(err)
	f, err := z.Open("keys.jsonl")
	ok(err)
	one, err := io.ReadAll(f)
	ok(err)
	ok(z.Close())
	ok(os.WriteFile(filepath.Join(root, "keys.jsonl"), one, 0o600))
	hear(filepath.Join(root, "keys.jsonl"))

	d = run()
	refused("The daemon uses the keys", "encryption", "import", backup, "--identity", filepath.Join(root, "identity"))
	ctl("trash", id)
	ctl("erase", id, "--reason", "agreed")
	stop(t, d)
	if _, err := os.Stat(filepath.Join(root, "recordings/2026/11/22", id+".local.wav.enc")); err == nil {
		t.Error("the file is still there")
	}
	refused("was erased on purpose", "--keys", keys, "transcode", copied, filepath.Join(root, "x.wav"), "--codec", "alaw")
	if out := ctl("encryption", "import", backup, "--identity", filepath.Join(root, "identity")); !strings.Contains(out, "1 stay erased") {
		t.Errorf("%s", out)
	}
	refused("was erased on purpose", "--keys", keys, "transcode", copied, filepath.Join(root, "x.wav"), "--codec", "alaw")
	if out := ctl("verify"); !strings.Contains(out, "0 not") {
		t.Errorf("%s", out)
	}

	// The other way round: the keys folder is lost, and its backup brings it back.
	ok(os.RemoveAll(keys))
	ctl("encryption", "import", backup, "--identity", filepath.Join(root, "identity"))
	hear(keys)
}

// TestWithoutItsMasterKeyTheDaemonRecordsAndSealsLater takes a passphrase away and
// brings it back.
func TestWithoutItsMasterKeyTheDaemonRecordsAndSealsLater(t *testing.T) {
	once(t)
	root, ctx := scratch(t), within(t, 3*time.Minute)
	phrase := filepath.Join(root, "phrase")
	if err := os.WriteFile(phrase, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := start(t, root, quietly+board("b", "real", 1, "")+pin(1, 1, `trigger = "manual"`)+secretly+fmt.Sprintf("master = %q\n", phrase))
	record := func() {
		t.Helper()
		if out, err := d.Ctl(ctx, "start", "1"); err != nil {
			t.Fatal(err, out)
		}
		if err := Until(ctx, "some audio", func() (bool, error) {
			names, err := filepath.Glob(filepath.Join(root, "recordings/open/*.wav"))
			for _, n := range names {
				if fi, err := os.Stat(n); err == nil && fi.Size() > 4000 {
					return true, nil
				}
			}
			return false, err
		}); err != nil {
			t.Fatal(err)
		}
		if out, err := d.Ctl(ctx, "stop", "1"); err != nil {
			t.Fatal(err, out)
		}
	}
	record()
	sealed(t, d)
	rows, err := d.Recordings(ctx, 0)
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if err := os.Rename(phrase, phrase+".away"); err != nil {
		t.Fatal(err)
	}
	record()
	untilAlarm(t, d, "keys-unwritable", true)
	if _, err := raw(ctx, d, "/recordings/"+rows[0].ID+"/audio", ""); err == nil || !strings.Contains(err.Error(), "key-missing") {
		t.Errorf("without the master key: %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(root, "recordings/open/*.wav")); err != nil || len(names) == 0 {
		t.Error("nothing waits", err)
	}
	if err := os.Rename(phrase+".away", phrase); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	untilAlarm(t, d, "keys-unwritable", false)
	rows, err = d.Recordings(ctx, 0)
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	for _, r := range rows {
		if b, err := raw(ctx, d, "/recordings/"+r.ID+"/audio", ""); err != nil || !bytes.HasPrefix(b, []byte("RIFF")) {
			t.Error(err)
		}
	}
	stop(t, d)
}

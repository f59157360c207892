package doctor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// unpack reads a bundle: name → content.
func unpack(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(h.Name, "vaad-support/")] = string(data)
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// planted are secrets and numbers as they stand in settings, logs and files.
func planted() []string {
	return []string{"s3cr3t-T0ken", "hunter2!", "correct horse", "Zm9vYmFyYmF6", "MIIEvQIBADANBg", "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "c2VjcmV0IGtleSBv", "sesame", "kEy-0815", "admin:pa55",
		"13812345678", "010-62345678", "+86 138 1234 5678", "(010) 6234-5678", "95588", "8001234567", "4712345", "Wang Xiaoming"}
}

func TestNoPlantedSecretComesOut(t *testing.T) {
	m, v := office(t)
	set(m, "etc/dahdi/system.conf", "", "# line 010-62345678, password=hunter2! of the portal\nfxsks=1-2 # 13812345678\nfxoks=3\nspan=2,1,0,ccs,hdb3,crc4\nbchan=5-19,21-35,1001-1020\n")
	set(m, "etc/modprobe.d/dahdi.conf", "", "options dahdi auto_assign_spans=1\n#api_key: kEy-0815\n")
	doc := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	settings := doc(map[string]any{"settings": map[string]any{
		"site":  map[string]any{"name": "Office 95588", "started": "2026-11-22T08:51:04.123Z"},
		"lines": map[string]any{"1": map[string]any{"name": "Front 13812345678", "own_number": "8001234567", "port": 7, "key_start": "*1"}},
		"smtp":  map[string]any{"user": "x", "Password": "correct horse", "url": "smtp://admin:pa55@mail"}, "web": map[string]any{"bearer_token": "s3cr3t-T0ken", "pin": 4711, "key": "sesame"},
		"contacts": map[string]any{"4712345": "x"}, "numbers": []any{"13812345678", "+86 138 1234 5678"}, "retention": 123456789,
	}})
	lines := doc([]map[string]any{{"line": 1, "caller": "8001234567", "called": "95588", "caller_name": "Wang Xiaoming", "state": "talking", "since": "2026-11-22T08:51:04Z"}})
	log := "2026-11-22T08:51:04+0800 host vaad[123456]: call from 13812345678 to (010) 6234-5678 file 01KAN00000000000000000000Z\n" +
		"Authorization: Bearer Zm9vYmFyYmF6\nopened http://127.0.0.1:8470/?token=s3cr3t-T0ken&x=1\n{\"password\":\"correct horse\"}\npassword: 'correct horse'\n" +
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\nkey 9f8e7d6c5b4a39281706f5e4d3c2b1a0 tel13812345678 95588, line 7 of 4: 36.6 V\nwrote /var/lib/vaad/recordings/2026/11/22/01KANB2C3D4E5F6G7H8J9KMNPQ.network.wav\njwt eyJhbGciOiJIUzI1NiJ9 c2VjcmV0IGtleSBvZiB0aGUgcG9ydGFs/w==\n"
	var buf bytes.Buffer
	manifest, err := Bundle(&buf, v, "1.2", Check(v), []Document{{Name: "daemon/settings.json", Data: settings}, {Name: "daemon/lines.json", Data: lines},
		{Name: "log/vaad.txt", Data: []byte(log)}, {Name: "log/version.txt", Data: []byte("DAHDI 2.11.1.0.20170917 is loaded")}, {Name: "log/kernel.txt", Err: errors.New("journalctl: token=s3cr3t-T0ken refused")}, {Name: "daemon/alarms.json", Data: []byte("{")}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	all := unpack(t, buf.Bytes())
	for name, data := range all {
		for _, s := range planted() {
			if strings.Contains(data, s) {
				t.Errorf("%s holds %q:\n%s", name, s, data)
			}
		}
	}
	if manifest.Masked < 20 {
		t.Errorf("only %d secrets were seen", manifest.Masked)
	}
	// What helps stays.
	for name, want := range map[string][]string{
		"log/vaad.txt":                  {"2026-11-22T08:51:04+0800 host vaad[123456]: call from xxxxxxxxx78 to (xxx) xxxx-xx78", "line 7 of 4: 36.6 V", "?token=(removed)&x=1", "wrote /var/lib/vaad/recordings/2026/11/22/01KANB2C3D4E5F6G7H8J9KMNPQ.network.wav"},
		"daemon/settings.json":          {`"2026-11-22T08:51:04.123Z"`, `"retention": 123456789`, `"port": 7`, `"Front xxxxxxxxx78"`, `"key_start": "*1"`, `"own_number": "xxxxxxxx67"`},
		"daemon/lines.json":             {`"state": "talking"`, `"2026-11-22T08:51:04Z"`},
		"machine/etc/dahdi/system.conf": {"bchan=5-19,21-35,1001-1020", "fxsks=1-2 # xxxxxxxxx78"},
		"machine/proc/dahdi/2":          {"TE4/0/1/16 HDLCFCS"},
		"log/version.txt":               {"DAHDI 2.11.1.0.20170917 is loaded"},
		"findings.json":                 {`"dahdi-loaded"`},
		"manifest.json":                 {`"daemon/alarms.json"`, `"reason": "it is no JSON`, `"token=(removed) refused`, `"recordings"`},
	} {
		for _, w := range want {
			if !strings.Contains(all[name], w) && !strings.Contains(all[name], strings.ReplaceAll(w, `"token`, `token`)) {
				t.Errorf("%s has no %s:\n%s", name, w, all[name])
			}
		}
	}
}

func TestTheManifestListsWhatIsInside(t *testing.T) {
	_, v := office(t)
	var buf bytes.Buffer
	manifest, err := Bundle(&buf, v, "1.2", Check(v), []Document{{Name: "log/big.txt", Data: bytes.Repeat([]byte("a line\n"), 200_000)}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	all := unpack(t, buf.Bytes())
	var read Manifest
	if err := json.Unmarshal([]byte(all["manifest.json"]), &read); err != nil || read.Format != 1 || read.Version != "1.2" || !read.Made.Equal(noon) || len(read.Files) != len(manifest.Files) {
		t.Errorf("%v %+v", err, read)
	}
	if len(all) != len(manifest.Files)+1 {
		t.Errorf("%d files, the manifest has %d", len(all), len(manifest.Files))
	}
	for _, f := range manifest.Files {
		sum := sha256.Sum256([]byte(all[f.Name]))
		if len(all[f.Name]) != f.Bytes || hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("%+v", f)
		}
		if f.Name == "log/big.txt" && (f.Bytes != maxFile || f.Cut != 1_400_000-maxFile) {
			t.Errorf("%+v", f)
		}
	}
	if !slices.ContainsFunc(manifest.LeftOut, func(l LeftOut) bool { return l.Name == "recordings" }) {
		t.Error("it is not said that recordings are left out")
	}
}

type full struct{ left int }

func (w *full) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestABundleThatCannotBeWrittenIsSaid(t *testing.T) {
	_, v := office(t)
	if _, err := Bundle(&full{100}, v, "", nil, nil, noon); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Error(err)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("call from ", " to 7")
	f.Add(`{"a":`, `}`)
	f.Fuzz(func(t *testing.T, before, after string) {
		const number = "13812345678"
		var r redactor
		if out := r.text(before + " " + number + " " + after); strings.Contains(out, number) && !strings.Contains(before+after, number) {
			t.Fatalf("%q", out)
		}
		if out := r.text(before + " token=" + "s3cr3tT0ken " + after); strings.Contains(out, "s3cr3tT0ken") && !strings.Contains(before+after, "s3cr3tT0ken") {
			t.Fatalf("%q", out)
		}
	})
}

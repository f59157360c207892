package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAMasterKeyIsWhereTheSettingsSay(t *testing.T) {
	for master, good := range map[string]bool{"": true, "/mnt/key": true, "credential:vaad-master": true,
		"key": false, "credential:": false, "credential:../x": false, "credential:..": false, "vault:x": false} {
		if err := (encryptionDoc{Master: master}).validate(); (err == nil) != good {
			t.Errorf("%q: %v", master, err)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m"), []byte("correct horse battery staple"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := ""
	e := &encryption{doc: func() encryptionDoc { return encryptionDoc{Master: at} }}
	if b, elsewhere, err := e.master(); b != nil || elsewhere || err != nil {
		t.Error(b, elsewhere, err)
	}
	for _, at = range []string{filepath.Join(dir, "m"), "credential:m"} {
		t.Setenv("CREDENTIALS_DIRECTORY", dir)
		if b, elsewhere, err := e.master(); len(b) != 28 || !elsewhere || err != nil {
			t.Error(at, b, elsewhere, err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, elsewhere, err := e.master(); !elsewhere || err == nil {
		t.Error("a credential that systemd did not give:", err)
	}
}

package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestServersAreTrustedByPinOrAuthorityOnly(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	defer srv.Close()
	cert := srv.Certificate()
	sum := sha256.Sum256(cert.Raw)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	ask := func(o Options) error {
		o.Server, o.Token = srv.URL, "t"
		c, err := New(o)
		if err != nil {
			return err
		}
		_, err = c.Network(t.Context())
		return err
	}
	for _, o := range []Options{{CA: ca}, {Fingerprint: hex.EncodeToString(sum[:])}, {Fingerprint: "SHA256:" + strings.ToUpper(hex.EncodeToString(sum[:]))}} {
		if err := ask(o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []Options{{}, {Fingerprint: strings.Repeat("00", 32)}} {
		err := ask(o)
		var no *UntrustedError
		var connect *ConnectError
		if !errors.As(err, &no) || !errors.As(err, &connect) || (connect.Code == "pinned") != no.Pinned {
			t.Fatalf("%+v: %v", o, err)
		}
		if got, err := ParseFingerprint(no.Fingerprint); err != nil || string(got) != string(sum[:]) || no.Pinned != (o.Fingerprint != "") {
			t.Errorf("it tells %q, pinned %v", no.Fingerprint, no.Pinned)
		}
	}
	if err := ask(Options{Fingerprint: "ab"}); !errors.Is(err, ErrFingerprint) {
		t.Error(err)
	}
	if err := ask(Options{CA: "nothing"}); !errors.Is(err, ErrCA) {
		t.Error(err)
	}
}

func TestTokensDoNotCrossTheNetworkInTheClear(t *testing.T) {
	for server, want := range map[string]error{"http://192.168.1.2:8470": ErrPlain, "http://recorder": ErrPlain, "http://127.0.0.1:1": nil, "http://localhost:1": nil,
		"http://[::1]:1": nil, "https://recorder:8443": nil, "ftp://x": ErrServer, "recorder:8443": ErrServer, "https://": ErrServer} {
		if _, err := New(Options{Server: server, Token: "t"}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", server, err, want)
		}
	}
}

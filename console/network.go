package console

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"

	"vaad/access"
	"vaad/access/ca"
	"vaad/api"
	"vaad/api/text"
)

// network is the tag of routes about how the box is reached.
const network = "Network"

// maxCertificateBody is a certificate with its chain and its key.
const maxCertificateBody = 512 << 10

// Network is how the box is reached: what cmd/vaad keeps of listeners and certificates.
type Network interface {
	// State is how it stands. Texts are filled in by the console.
	State() api.Network
	// Give keeps a certificate; its faults are [ca.Fault]s.
	Give(cert, key []byte) error
	// NewAuthority makes another authority.
	NewAuthority() error
	// AuthorityPEM is the authority's certificate, nil before there is one.
	AuthorityPEM() []byte
	// Settings are those of the network as they are in force, to be given to Changed.
	Settings() json.RawMessage
	// Changed says that somebody who came in by that door has changed the settings: what
	// would cut that one off is tried, and taken back unless it is confirmed.
	Changed(before json.RawMessage, by, door string)
	// Confirm keeps what is tried; who asks must have come in by a door that is still there.
	Confirm(door string) error
	// Revert takes it back at once.
	Revert() error
}

// Errors of Network.
var (
	ErrNoTrial     = errors.New("no change is being tried")
	ErrClosingDoor = errors.New("this connection is one that the change ends")
)

// networkRoutes are the routes about how the box is reached.
func networkRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"network", get, "/network", access.SettingsRead, network, "Where clients come in, and the certificate that they see", with((*Server).network)},
		{"network-confirm", post, "/network/confirm", access.SettingsWrite, network, "Keep a change that is tried", with((*Server).networkConfirm)},
		{"network-revert", post, "/network/revert", access.SettingsWrite, network, "Take a change back that is tried", with((*Server).networkRevert)},
		{"network-certificate", post, "/network/certificate", access.SettingsWrite, network, "Give a certificate with its key", with((*Server).networkCertificate)},
		{"network-authority", post, "/network/authority", access.SettingsWrite, network, "Make another authority: every client must be told to trust it", with((*Server).networkAuthority)},
		{"network-authority-pem", get, "/network/authority.pem", access.Status, network, "The authority of this box, for clients to trust", withStream((*Server).authorityPEM, "application/x-pem-file")},
	}
}

// networkFailure is the problem that an error of the network is answered with; nil = none of these.
func networkFailure(lang string, err error) *api.Problem {
	var fault *ca.Fault
	switch {
	case errors.As(err, &fault):
		p := fail("certificate-refused", fault.Detail)
		p.Errors = []api.ProblemError{{Location: "body.certificate", Message: text.Text(lang, "certificate."+fault.Code, nil)}}
		return p
	case errors.Is(err, ErrNoTrial):
		return fail("no-trial", "")
	case errors.Is(err, ErrClosingDoor):
		return fail("closing-door", "")
	}
	return nil
}

// networkFor is the network, for callers who hold every line.
func (s *Server) networkFor(ctx context.Context, v access.Verb, object string) (Network, error) {
	if s.cfg.Network == nil {
		return nil, fail("not-available", "")
	}
	return s.cfg.Network, s.wholeBox(ctx, v, object)
}

func (s *Server) network(ctx context.Context, _ *empty) (*body[api.Network], error) {
	n, err := s.networkFor(ctx, access.SettingsRead, "network")
	if err != nil {
		return nil, err
	}
	return s.networkState(ctx, n), nil
}

func (s *Server) networkState(ctx context.Context, n Network) *body[api.Network] {
	st, lang := n.State(), languageOf(ctx)
	st.By = doorOf(ctx).Name
	if st.Fault != "" {
		st.FaultText = text.Text(lang, "certificate."+st.Fault, nil)
	}
	for i, d := range st.Doors {
		if d.Fault != "" {
			st.Doors[i].Text = text.Text(lang, "door."+d.Fault, nil)
		}
	}
	return &body[api.Network]{st}
}

// networkAct does something to the network, audited, and answers how it stands then.
func (s *Server) networkAct(ctx context.Context, act string, do func(Network, *access.Entry) error) (*body[api.Network], error) {
	n, err := s.networkFor(ctx, access.SettingsWrite, "network")
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.SettingsWrite, Object: "network", Detail: map[string]string{"act": act}}
	if err := s.act(ctx, e, func(e *access.Entry) error { return do(n, e) }); err != nil {
		if p := networkFailure(languageOf(ctx), err); p != nil {
			return nil, p
		}
		return nil, err
	}
	return s.networkState(ctx, n), nil
}

func (s *Server) networkConfirm(ctx context.Context, _ *empty) (*body[api.Network], error) {
	return s.networkAct(ctx, "confirm", func(n Network, _ *access.Entry) error { return n.Confirm(doorOf(ctx).Name) })
}

func (s *Server) networkRevert(ctx context.Context, _ *empty) (*body[api.Network], error) {
	return s.networkAct(ctx, "revert", func(n Network, _ *access.Entry) error { return n.Revert() })
}

// CertificateInput is a certificate that somebody gives.
type CertificateInput struct{ Body api.NewCertificate }

func (s *Server) networkCertificate(ctx context.Context, in *CertificateInput) (*body[api.Network], error) {
	return s.networkAct(ctx, "certificate", func(n Network, e *access.Entry) error {
		if err := n.Give([]byte(in.Body.Certificate), []byte(in.Body.Key)); err != nil {
			return err
		}
		if c := n.State().Uploaded; c != nil {
			e.Detail = merge(e.Detail, "sha256", c.SHA256)
		}
		if !in.Body.Use {
			return nil
		}
		before := n.Settings()
		if _, err := s.cfg.Settings.Set(who(ctx).Name, "certificate", "network.tls", json.RawMessage(`"given"`)); err != nil {
			return err
		}
		n.Changed(before, who(ctx).Name, doorOf(ctx).Name)
		return nil
	})
}

func (s *Server) networkAuthority(ctx context.Context, _ *empty) (*body[api.Network], error) {
	return s.networkAct(ctx, "authority", func(n Network, _ *access.Entry) error { return n.NewAuthority() })
}

// authorityPEM is no secret: every connection shows it.
func (s *Server) authorityPEM(context.Context, *empty) (stream, error) {
	if s.cfg.Network == nil {
		return nil, fail("not-available", "")
	}
	b := s.cfg.Network.AuthorityPEM()
	if b == nil {
		return nil, fail("no-authority", "")
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-ca.pem"`)
		_, _ = w.Write(b) // the receiver may be gone
	}, nil
}

// authorityFile is /ca.crt: the authority in the form that telephones install
// when they open it, for people who cannot sign in before they trust it.
func (s *Server) authorityFile(w http.ResponseWriter, r *http.Request) {
	var block *pem.Block
	if s.cfg.Network != nil {
		block, _ = pem.Decode(s.cfg.Network.AuthorityPEM())
	}
	if block == nil {
		writeProblem(w, r, fail("no-authority", ""))
		return
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Header().Set("Content-Disposition", `attachment; filename="vaad-ca.crt"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(block.Bytes) // the receiver may be gone
}

// scraped gives metrics to who is on this machine, and over the network to who may
// know how the box is.
func (s *Server) scraped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if doorOf(r.Context()).Kind == NetworkDoor {
			c := who(r.Context())
			if c == nil {
				writeProblem(w, r, fail("not-entered", ""))
				return
			}
			if !c.scope.Everywhere(access.Status) {
				writeProblem(w, r, fail("forbidden", "metrics need the right "+string(access.Status)))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// tried watches changes of settings, however they are made: one that would cut
// off who makes it is tried only.
func (s *Server) tried(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.cfg.Network
		if n == nil || r.Method == http.MethodGet || !strings.HasPrefix(r.URL.Path, api.Prefix+"/settings/") || who(r.Context()) == nil {
			next.ServeHTTP(w, r)
			return
		}
		before := n.Settings()
		next.ServeHTTP(w, r)
		if after := n.Settings(); !bytes.Equal(before, after) {
			n.Changed(before, who(r.Context()).Name, doorOf(r.Context()).Name)
		}
	})
}

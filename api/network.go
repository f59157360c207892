package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Network is how this box is reached.
type Network struct {
	Enabled     bool         `json:"enabled" doc:"The setting network.enabled"`
	Doors       []Door       `json:"doors" nullable:"false" doc:"Where clients come in, open or not"`
	By          string       `json:"by,omitempty" doc:"ID of the door that the caller has come in by"`
	Hosts       []string     `json:"hosts" nullable:"false" doc:"Names and addresses that this box is reached by"`
	Trial       *Trial       `json:"trial,omitempty" doc:"A change that is tried and not confirmed yet"`
	Given       bool         `json:"given" doc:"The certificate that is served is one that was given"`
	Certificate *Certificate `json:"certificate,omitempty" doc:"What is served; absent while the network is off"`
	Renews      *Time        `json:"renews,omitempty" doc:"When it is made anew; absent: not by itself"`
	Authority   *Certificate `json:"authority,omitempty" doc:"The authority of this box, which clients can be told to trust"`
	Uploaded    *Certificate `json:"uploaded,omitempty" doc:"A certificate that was uploaded, used or not"`
	Outside     []string     `json:"outside,omitempty" nullable:"false" doc:"Names that the authority may not sign: it must be made anew for them"`
	Uncovered   []string     `json:"uncovered,omitempty" nullable:"false" doc:"Names and addresses of this box that the given certificate is not good for"`
	Fault       string       `json:"fault,omitempty" doc:"Stable name of what is wrong with the certificate that is wished for"`
	FaultText   string       `json:"fault_text,omitempty" doc:"The same in the caller's language"`
	FaultDetail string       `json:"fault_detail,omitempty" doc:"Particulars (English)"`
}

// A Door is one listener.
type Door struct {
	ID      string   `json:"id" doc:"Its name: kind and address"`
	Kind    string   `json:"kind" enum:"local,loopback,network,name,redirect,metrics" doc:"local: the unix socket; loopback: this machine only; network: with TLS; name: its name on the local network (mDNS); redirect: leads from http to it; metrics: metrics and health only"`
	Address string   `json:"address" doc:"Path, or address and port"`
	URLs    []string `json:"urls" nullable:"false" doc:"What to type into a browser"`
	TLS     bool     `json:"tls" doc:"Encrypted"`
	Open    bool     `json:"open" doc:"Clients come in"`
	Fault   string   `json:"fault,omitempty" enum:"in-use,no-address,port-refused,filtered,name-taken,renamed,other" doc:"Why not, or why nobody will reach it. renamed: it is open by another name than the one that is set"`
	Text    string   `json:"text,omitempty" doc:"The same in the caller's language"`
	Detail  string   `json:"detail,omitempty" doc:"Particulars (English)"`
}

// A Trial is a change of the network that is taken back unless somebody confirms it.
type Trial struct {
	Until   Time   `json:"until" doc:"When it is taken back"`
	Seconds Number `json:"seconds" doc:"How long that is from now"`
	By      string `json:"by" doc:"Who made the change"`
}

// A Certificate is what people compare and want to know of one.
type Certificate struct {
	Subject string   `json:"subject" doc:"Whose it is"`
	Issuer  string   `json:"issuer" doc:"Who has signed it"`
	Names   []string `json:"names" nullable:"false" doc:"Names and addresses that it is good for"`
	Begins  Time     `json:"begins" doc:"From when"`
	Ends    Time     `json:"ends" doc:"Until when"`
	Days    int      `json:"days" doc:"Whole days until then; negative: it has ended"`
	SHA256  string   `json:"sha256" doc:"Fingerprint, pairs of digits with colons"`
}

// A NewCertificate is one that somebody gives.
type NewCertificate struct {
	Certificate string `json:"certificate" minLength:"1" maxLength:"262144" doc:"PEM: the certificate and those that signed it, in any order; the key may stand with them"`
	Key         string `json:"key,omitempty" maxLength:"65536" doc:"PEM: its private key, not encrypted"`
	Use         bool   `json:"use,omitempty" doc:"Serve it from now on: sets network.tls to given"`
}

// Network says how the box is reached.
func (c *Client) Network(ctx context.Context) (Network, error) {
	return ask[Network](ctx, c, http.MethodGet, "/network", nil, nil)
}

// ConfirmNetwork keeps a change that is tried.
func (c *Client) ConfirmNetwork(ctx context.Context) (Network, error) {
	return ask[Network](ctx, c, http.MethodPost, "/network/confirm", nil, nil)
}

// RevertNetwork takes a change back that is tried.
func (c *Client) RevertNetwork(ctx context.Context) (Network, error) {
	return ask[Network](ctx, c, http.MethodPost, "/network/revert", nil, nil)
}

// GiveCertificate gives the box a certificate.
func (c *Client) GiveCertificate(ctx context.Context, n NewCertificate) (Network, error) {
	return ask[Network](ctx, c, http.MethodPost, "/network/certificate", nil, n)
}

// NewAuthority has the box make another authority: clients must be told to trust it.
func (c *Client) NewAuthority(ctx context.Context) (Network, error) {
	return ask[Network](ctx, c, http.MethodPost, "/network/authority", nil, nil)
}

// AuthorityPEM is the certificate of the box's authority, PEM.
func (c *Client) AuthorityPEM(ctx context.Context) (string, error) {
	var b strings.Builder
	_, err := c.copy(ctx, "/network/authority.pem", url.Values{}, &b)
	return b.String(), err
}

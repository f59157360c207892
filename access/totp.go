package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// Errors of second factors.
var (
	ErrCode     = errors.New("the code is wrong")
	ErrReplay   = errors.New("the code was used already")
	ErrNoEnrol  = errors.New("no second factor is being set up")
	ErrEnrolled = errors.New("there is a second factor already")
)

const (
	stepSeconds = 30 // RFC 6238, as every app has it
	codesMade   = 10
	enrolFor    = 15 * time.Minute
)

// An Enrolment is a second factor that is being set up: nothing counts before a code of it
// was given.
type Enrolment struct {
	Secret string // base32
	URI    string // otpauth://…, what the QR code shows
}

func newEnrolment(issuer, name string) (Enrolment, error) {
	if issuer = strings.Map(plain, issuer); issuer == "" {
		issuer = "vaad"
	}
	k, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name})
	if err != nil {
		return Enrolment{}, fmt.Errorf("make a second factor: %w", err)
	}
	return Enrolment{k.Secret(), k.URL()}, nil
}

// plain takes out of an issuer's name what parts an otpauth address.
func plain(r rune) rune {
	if r == ':' || r == '/' || r == '?' || r == '&' || r < ' ' {
		return ' '
	}
	return r
}

// stepOf is the time step that a code belongs to, one to either side being let through
// for clocks that differ. A step that is not after the last used one is a replay.
func stepOf(secret, code string, last int64, now time.Time) (int64, error) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	at := now.Unix() / stepSeconds
	found := int64(-1)
	for step := at - 1; step <= at+1; step++ {
		want, err := hotp.GenerateCode(secret, uint64(max(step, 0)))
		if err != nil {
			return 0, fmt.Errorf("the second factor cannot be read: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	switch {
	case found < 0:
		return 0, ErrCode
	case found <= last:
		return 0, ErrReplay
	}
	return found, nil
}

// newRecovery makes codes that stand in for a lost telephone, each once: 80 bits, so that
// their hashes need no salt.
func newRecovery() (shown, kept []string) {
	for range codesMade {
		t := rand.Text()[:16]
		shown = append(shown, strings.ToLower(t[:4]+"-"+t[4:8]+"-"+t[8:12]+"-"+t[12:]))
		kept = append(kept, recoveryHash(t))
	}
	return shown, kept
}

func recoveryHash(code string) string {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha256.Sum256([]byte("recovery " + code))
	return hex.EncodeToString(sum[:])
}

// second checks a code: of the app, or one for recovery. It changes the row so that the
// code is good no more.
func (a *account) second(code string, now time.Time) error {
	if len(strings.NewReplacer("-", "", " ", "").Replace(code)) == 16 {
		h := recoveryHash(code)
		i := slices.Index(a.Recovery, h)
		if i < 0 {
			return ErrCode
		}
		a.Recovery = slices.Delete(slices.Clone(a.Recovery), i, i+1)
		return nil
	}
	step, err := stepOf(a.TOTP, code, a.Step, now)
	if err == nil {
		a.Step = step
	}
	return err
}

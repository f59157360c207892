package kinds

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/recorder/backup/target"
)

func TestEveryKindIsOpenedAndOnlyTold(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, k := range target.Kinds() {
		c := target.Defaults(k)
		c.Name = "there"
		if tg, err := Open(c); err == nil || tg != nil {
			t.Errorf("%s, not set: %v, %v", k, tg, err)
		}
		switch k {
		case target.KindFolder:
			c.Folder.Path = filepath.Join(dir, "away")
		case target.KindRemovable:
			c.Removable.Label = "NO SUCH DISK"
		case target.KindOptical:
			c.Optical.Staging = filepath.Join(dir, "away")
		case target.KindSFTP:
			c.SFTP.Address, c.SFTP.User, c.SFTP.Password = "127.0.0.1:1", "vaad", target.Secret(secret)
		case target.KindS3:
			c.S3.Endpoint, c.S3.Bucket, c.S3.Plain, c.S3.Region = "127.0.0.1:1", "vaad", true, "x"
			c.S3.AccessKey, c.S3.SecretKey = target.Secret(secret), target.Secret(secret)
		}
		tg, err := Open(c)
		if err != nil {
			t.Errorf("%s: %v", k, err)
			continue
		}
		if tg.Name() != "there" || tg.Kind() != k {
			t.Errorf("%s is %s of kind %s", k, tg.Name(), tg.Kind())
		}
		err = tg.Put(t.Context(), "a", 1, strings.NewReader("x"))
		if !errors.Is(err, target.ErrGone) && !errors.Is(err, target.ErrUnreachable) {
			t.Errorf("%s, a place that is not there: %v", k, err)
		}
		if _, ok := target.As[target.Ejector](tg); ok != (k == target.KindRemovable) {
			t.Errorf("%s is an Ejector: %v", k, ok)
		}
		if _, ok := target.As[target.Sealer](tg); ok != (k == target.KindOptical) {
			t.Errorf("%s is a Sealer: %v", k, ok)
		}
		if err := tg.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(target.Config{Kind: "tape"}); err == nil {
		t.Error("a kind nobody knows")
	}
}

package backup

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// applianceFile holds the appliance's ID, below its root.
const applianceFile = "appliance"

// ApplianceID reads the ID of the appliance from ROOT/appliance, and makes one
// where there is none. A restored appliance has the ID of the one it replaces.
func ApplianceID(root string) (string, error) {
	name := filepath.Join(root, applianceFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		id := "vaad-" + strings.ToLower(rand.Text()[:16])
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return "", err
		}
		_, err = f.WriteString(id + "\n")
		return id, errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(b))
	if !validAppliance(id) {
		return "", fmt.Errorf("%s: %q is no ID of an appliance", name, id[:min(len(id), 80)])
	}
	return id, nil
}

func validAppliance(id string) bool {
	if len(id) < 4 || len(id) > 64 {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

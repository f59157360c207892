// Package vault keeps the keys of encrypted recordings: one random key each, in a
// file per day outside the recordings folder, wrapped by a master key.
//
//	recorder/archive ── Make, Key, Erase ──▶ Ring ──▶ keys/YYYY/MM/DD.keys
//	cmd/vaad ── Rotate, State, Check ──────▶ Ring ──▶ keys/master, or a key or passphrase from elsewhere
//	vaactl ── Export, Import ──────────────▶ Ring ──▶ an encrypted backup
//
// In: days and IDs of recordings. Out: keys, durable before anybody uses them.
// Erasing a key overwrites it where it stands and leaves a record that says so.
// Formats: docs/formats/keys.md. Callers: cmd/vaad and vaactl open it, the
// archive uses it through archive.Keyring.
package vault

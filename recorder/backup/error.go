package backup

import "errors"

var (
	// ErrRunning: a run of this target is under way, here or in another process.
	ErrRunning = errors.New("a backup to this target is running already")
	// ErrForeign: the target belongs to another appliance; see [Engine.Adopt].
	ErrForeign = errors.New("the target holds the backup of another appliance: adopt it, or choose another place")
	// ErrOtherWay: the target was set up with encryption and is to be used without,
	// or the other way round.
	ErrOtherWay = errors.New("whether a target is encrypted cannot be changed: use another folder of it")
	// ErrNewer: a newer version of vaad has written this backup.
	ErrNewer = errors.New("the backup was written by a newer version of vaad")
	// ErrNoBackup: there is no backup on the target.
	ErrNoBackup = errors.New("there is no backup of vaad on the target")
	// ErrNoIdentity: no secret key was given that opens the backup.
	ErrNoIdentity = errors.New("the backup is encrypted: a secret key that opens it is needed")
	// ErrNoRecipients: encryption is wanted, and nobody to encrypt to.
	ErrNoRecipients = errors.New("encryption needs at least one public key of age")
	// ErrNotEmpty: the folder to restore into has something in it.
	ErrNotEmpty = errors.New("the folder is not empty, and not of a restore of this backup that was interrupted")
	// ErrNoSpace: what is to be restored does not fit.
	ErrNoSpace = errors.New("there is not enough space for what is to be restored")
	// ErrErased: the recording was erased and is not brought back.
	ErrErased = errors.New("the recording was erased")
	// ErrNotFound: the backup has no such recording.
	ErrNotFound = errors.New("the backup has no such recording")
	// ErrIncomplete: the run, or the restore, went to its end and not everything is
	// right; the report says what.
	ErrIncomplete = errors.New("not everything could be done")
)

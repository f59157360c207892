package prompt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"vaad/dsp/wav"
)

// keep is how many samples stay decoded: 35 minutes, 32 MiB.
const keep = 16 << 20

// ErrMissing is in the error about a clip that no folder has.
var ErrMissing = errors.New("prompt is missing")

// ErrReadOnly is in the error of Put and Remove where there is no folder of the
// operator's own.
var ErrReadOnly = errors.New("there is no folder for own prompts")

// Store finds prompts in folders. Its methods may be called by any goroutine;
// they read files, so no board's loop may call them.
type Store struct {
	own     string   // the operator's folder; empty: none
	folders []string // in which order they are searched; own is the first

	mu    sync.Mutex
	cache map[string]*cached // by path
	held  int                // samples in cache
	now   int64              // counts uses
}

type cached struct {
	stamp stamp
	pcm   []int16
	err   error // why the file cannot be played
	used  int64
}

// A stamp tells whether a file is the one that was read.
type stamp struct {
	size    int64
	mtime   time.Time
	changed syscall.Timespec // its rights too: who could not read it may now
	inode   uint64           // of two files of one moment
}

func stampOf(st fs.FileInfo) stamp {
	s := stamp{size: st.Size(), mtime: st.ModTime()}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		s.changed, s.inode = sys.Ctim, sys.Ino
	}
	return s
}

// New returns a store of the operator's own folder, which may be empty or not be
// there yet, and of installed sets, in the order in which they are searched.
// Each has a folder for every language.
func New(own string, sets ...string) *Store {
	s := &Store{own: own, cache: map[string]*cached{}}
	if own != "" {
		s.folders = append(s.folders, own)
	}
	s.folders = append(s.folders, sets...)
	return s
}

// Get returns the samples of a clip, at 8 kHz. They are shared: nobody may
// change them. A file that cannot be played is passed over for one of the same
// name in a later folder; if there is none, the error says what is wrong with
// which file. Where no folder has the clip, it is an [ErrMissing] that says
// where to put one.
func (s *Store) Get(lang, name string) ([]int16, error) {
	if err := errors.Join(CheckLanguage(lang), CheckName(name)); err != nil {
		return nil, err
	}
	var bad error
	for _, f := range s.folders {
		pcm, err := s.load(path(f, lang, name))
		if err == nil {
			return pcm, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			bad = errors.Join(bad, err)
		}
	}
	if bad != nil {
		return nil, bad
	}
	return nil, s.missing(lang, name)
}

func (s *Store) missing(lang, name string) error {
	if len(s.folders) == 0 {
		return fmt.Errorf("%w: %s/%s: no folder of prompts is set up", ErrMissing, lang, name)
	}
	return fmt.Errorf("%w: %s/%s: record it and put the WAV file at %s, or install the set of this language",
		ErrMissing, lang, name, path(s.folders[0], lang, name))
}

func path(folder, lang, name string) string {
	return filepath.Join(folder, lang, filepath.FromSlash(name)+".wav")
}

// load returns what a file holds, from the cache if it has not changed.
func (s *Store) load(file string) ([]int16, error) {
	st, err := os.Stat(file)
	if err != nil {
		if isNotThere(err) {
			s.forget(file)
			return nil, fs.ErrNotExist
		}
		return nil, fmt.Errorf("prompt %s cannot be opened: %w: let the user that vaad runs as read it", file, err)
	}
	now := stampOf(st)
	s.mu.Lock()
	s.now++
	if c := s.cache[file]; c != nil && c.stamp == now {
		c.used = s.now
		s.mu.Unlock()
		return c.pcm, c.err
	}
	s.mu.Unlock()
	c := &cached{stamp: now}
	c.pcm, c.err = read(file, st.Mode())
	s.put(file, c)
	return c.pcm, c.err
}

// isNotThere is true as well where a folder of the path is a file.
func isNotThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// read decodes a file. What is no file could hang whoever opens it.
func read(file string, mode fs.FileMode) ([]int16, error) {
	if !mode.IsRegular() {
		return nil, fmt.Errorf("prompt %s is not a file: put a WAV file there", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("prompt %s cannot be opened: %w: let the user that vaad runs as read it", file, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("prompt %s: %w", file, err)
	}
	pcm, err := decode(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("prompt %s cannot be played: %w; replace it by a WAV file, best 8 kHz mono", file, err)
	}
	return pcm, nil
}

// put keeps what was read and lets go of what was not used for longest.
func (s *Store) put(file string, c *cached) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(file)
	c.used = s.now
	s.cache[file] = c
	s.held += len(c.pcm) + overhead
	for s.held > keep && len(s.cache) > 1 {
		oldest := ""
		for f, o := range s.cache {
			if f != file && (oldest == "" || o.used < s.cache[oldest].used) {
				oldest = f
			}
		}
		s.drop(oldest)
	}
}

// overhead is what an entry counts for besides its samples.
const overhead = 256

func (s *Store) drop(file string) {
	if c := s.cache[file]; c != nil {
		s.held -= len(c.pcm) + overhead
		delete(s.cache, file)
	}
}

func (s *Store) forget(file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(file)
}

// fileLength returns how many samples at 8 kHz a file has, by its head.
func fileLength(file string) (int64, error) {
	st, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	if !st.Mode().IsRegular() {
		return 0, errors.New("it is not a file")
	}
	if st.Size() > MaxBytes {
		return 0, errLarge
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	a, err := wav.ParseAnyAt(f, st.Size())
	if err != nil {
		return 0, err
	}
	if _, err := decoderOf(a); err != nil {
		return 0, err
	}
	_, n, err := length(a)
	return n, err
}

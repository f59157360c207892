package evidence

import "context"

// Begin and Follow are what Run does, without its clock.
func Begin(l *Log) error  { return l.begin(context.Background()) }
func Follow(l *Log) error { return l.follow(context.Background()) }

// Remembered is how many simulated recordings a log remembers.
func Remembered(l *Log) (n int) {
	for _, p := range l.read {
		n += len(p.simulated)
	}
	return n
}

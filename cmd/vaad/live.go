package main

import "vaad/console"

// live is a line's audio as it comes, for the console.
func (d *running) live(line int) (console.Audio, bool) {
	l, ok := d.sys.Line(line)
	return l, ok
}

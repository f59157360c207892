// Package prompt has what vaad says to callers: sounds from files, and the names
// of the sounds that say a number, a time or a sum of money.
//
//	"money:12.50" ─▶ ParseItem ─┐
//	Position(2), Clip("beep") ──┴▶ Say("zh", …) ─▶ names ─▶ Store.Get("zh", name) ─▶ 8 kHz samples ─▶ a line
//	            the operator's own, first: ROOT/prompts/zh/NAME.wav ─┤
//	                     the installed set:     prompts/zh/NAME.wav ─┘
//	script/zh.txt: NAME = TEXT ─▶ calls/prompt/make, a speech engine ─▶ the installed set
//
// In: WAV files of any format and rate that dsp reads, and what is to be said.
// Out: samples, shared and not to be changed, or an error that names the file
// and the remedy. Callers: calls, when a bridge, a queue or a mailbox speaks;
// console, to list, play, replace and remove prompts.
//
// Files are looked at on every Get, so that a file that was replaced is heard
// at the next call; decoded samples are kept up to a bound. A file that cannot
// be read is passed over for the installed one, and List says what is wrong
// with it.
//
// # Grammar
//
// Numbers are put together from few clips, so that recording one's own takes an
// hour: 110 names in English and 52 in Chinese, besides 67 whole sentences and
// sounds. The rules stand in english.go and chinese.go; a language is added by a
// file like these and a script.
package prompt

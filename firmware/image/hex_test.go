package image

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// line makes a record by the book: colon, count, address, type, data, sum.
func line(kind byte, addr uint16, data ...byte) string {
	raw := append([]byte{byte(len(data)), byte(addr >> 8), byte(addr), kind}, data...)
	var sum byte
	for _, b := range raw {
		sum -= b
	}
	return fmt.Sprintf(":%X%02X\n", raw, sum)
}

const end = ":00000001FF\n"

func TestAHexFileGivesItsRecordsInItsOrder(t *testing.T) {
	records, err := ParseHEX([]byte("# $Id: made by hand $\r\n\n:03001000020015D6\r\n:0200000000FE00  \n"+line(4, 0, 0, 1)+line(0, 5, 7)+line(2, 0, 0x20, 0)+line(0, 5, 8)+end+"\n#\n"), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []Record{{0x10, []byte{2, 0, 0x15}, 3}, {0, []byte{0, 0xfe}, 4}, {0x10005, []byte{7}, 6}, {0x20005, []byte{8}, 8}}
	if fmt.Sprint(records) != fmt.Sprint(want) {
		t.Fatal(records)
	}
}

func TestWhatIsNoHexFileIsRefusedWithItsLine(t *testing.T) {
	one := line(0, 0, 1, 2, 3)
	for what, c := range map[string]struct{ file, want string }{
		"empty":              {"", "line 0: the end record is missing"},
		"cut off":            {one, "line 1: the end record is missing"},
		"only an end":        {end, "no data"},
		"no colon":           {one + "x" + end, "line 2: a record begins with a colon"},
		"no hexadecimal":     {":0z\n", "line 1: no hexadecimal digits"},
		"half a byte":        {":00000001F\n", "line 1: no hexadecimal digits"},
		"short":              {":0000\n", "line 1: its length"},
		"longer than it":     {":0000000100FF\n", "line 1: its length"},
		"a wrong sum":        {one + ":0100030055A8\n" + end, "line 2: the checksum"},
		"after the end":      {one + end + one, "line 3: something follows"},
		"a start address":    {line(5, 0, 0, 0, 0, 0) + one + end, "line 1: record type 05"},
		"an end with data":   {one + line(1, 0, 9), "line 2: a record of type 01"},
		"no data":            {line(0, 0) + end, "line 1: a data record without data"},
		"beyond its segment": {line(0, 0xffff, 1, 2) + end, "line 1: a data record goes beyond"},
		"twice the same":     {one + one + end, "line 2: it overlaps line 1"},
		"overlapping":        {line(0, 2, 1) + one + end, "line 2: it overlaps line 1"},
		"by other addresses": {line(4, 0, 0, 1) + one + line(2, 0, 0x10, 0) + one + end, "line 4: it overlaps line 2"},
	} {
		if records, err := ParseHEX([]byte(c.file), 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v %v, want %s", what, records, err, c.want)
		}
	}
}

func TestAPICImageCountsAddressesInWords(t *testing.T) {
	file := []byte(line(0, 0, 1, 2, 3) + line(0, 1, 4, 5, 6) + line(0, 0xffff, 7, 8, 9) + end)
	if _, err := ParseHEX(file, 3); err != nil {
		t.Error(err)
	}
	if _, err := ParseHEX(file, 1); err == nil {
		t.Error("as an image of bytes it overlaps")
	}
}

func TestEveryHexFileThatWasWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var file strings.Builder
		var want []Record
		addr := uint32(0)
		for i := range rapid.IntRange(1, 40).Draw(t, "records") {
			addr += rapid.Uint32Range(0, 3000).Draw(t, "gap")
			data := rapid.SliceOfN(rapid.Byte(), 1, 255).Draw(t, "data")
			if addr&0xffff+uint32(len(data)) > 0x10000 {
				addr = addr&^0xffff + 0x10000
			}
			file.WriteString(line(4, 0, byte(addr>>24), byte(addr>>16)) + line(0, uint16(addr), data...))
			want = append(want, Record{addr, data, 2*i + 2})
			addr += uint32(len(data))
		}
		got, err := ParseHEX([]byte(file.String()+end), 1)
		if err != nil || !slices.EqualFunc(got, want, func(a, b Record) bool { return a.Addr == b.Addr && a.Line == b.Line && bytes.Equal(a.Data, b.Data) }) {
			t.Fatal(got, want, err)
		}
	})
}

func FuzzParseHEX(f *testing.F) {
	f.Add([]byte(line(0, 0, 1, 2, 3)+end), 1)
	f.Add([]byte(line(4, 0, 0xff, 0xff)+line(0, 0xfffe, 1, 2)+end), 3)
	f.Fuzz(func(t *testing.T, data []byte, unit int) {
		records, err := ParseHEX(data, unit&1*2+1)
		if err != nil {
			return
		}
		size := 0
		for _, r := range records {
			size += len(r.Data)
			if len(r.Data) == 0 || len(r.Data) > 255 || r.Line < 1 {
				t.Fatal(r)
			}
		}
		if size == 0 || size > len(data)/2 {
			t.Fatal(size)
		}
	})
}

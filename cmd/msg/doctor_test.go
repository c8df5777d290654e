package main

import (
	"strings"
	"testing"

	"msg/internal/doctor"
	"msg/internal/text"
)

// TestFindingsFitTheWindow: only what to do, which people copy, may be wider. No text does
// anything to the terminal.
func TestFindingsFitTheWindow(t *testing.T) {
	long := strings.Repeat("/a-long-name", 20)
	found := []doctor.Finding{
		doctor.Finding{
			Check: "program", Status: doctor.Problem,
			Found: long + " \x1b[2J and words behind it, some more of them\nok all is well", Do: "chmod 755 " + long,
		}.Clean(),
		{Check: "devpts", Status: doctor.OK, Found: "/dev/pts"},
	}
	for width, rows := range map[int]int{0: 4, 60: 11, 30: 0, 5: 0} {
		var out strings.Builder
		if err := printFindings(&out, found, 1, false, width); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for _, line := range lines {
			if width > 30 && text.Width(line) > width && !strings.Contains(line, "  do: ") {
				t.Errorf("%q is wider than %d columns", line, width)
			}
		}
		if strings.Contains(out.String(), "\x1b") || rows > 0 && len(lines) != rows {
			t.Errorf("%d columns show %d lines\n%s", width, len(lines), out.String())
		}
		if last := lines[len(lines)-1]; last != "1 problem; what to do is for root" || !strings.Contains(out.String(), "\n         do: chmod 755 "+long+"\n") {
			t.Errorf("%s", out.String())
		}
	}
}

package table

import (
	"strings"
	"testing"

	"msg/internal/text"
)

func TestFitsTheWindow(t *testing.T) {
	table := []Column{
		{Cells: []string{"USER", "alice", "bob"}, Least: 8},
		{Cells: []string{"TERMINAL", "pts/2", "pts/10"}},
		{Cells: []string{"SINCE", "10:00", "11:00"}, Spare: 2},
		{Cells: []string{"FROM", "a-very-long-host-name.department.example.com", "10.0.0.5"}, Least: 8, Spare: 1},
		{Cells: []string{"WHAT", "vim", "a-program-with-a-long-name-too"}, Least: 6},
	}
	for width, headings := range map[int]string{
		0: "USER TERMINAL SINCE FROM WHAT", 200: "USER TERMINAL SINCE FROM WHAT", 60: "USER TERMINAL SINCE FROM WHAT",
		40: "USER TERMINAL SINCE FROM WHAT", 36: "USER TERMINAL FROM WHAT", 24: "USER TERMINAL WHAT",
	} {
		var out strings.Builder
		if err := Print(&out, table, width); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if got := strings.Join(strings.Fields(lines[0]), " "); got != headings || len(lines) != 3 {
			t.Errorf("%d columns show\n%s, want the headings %s", width, out.String(), headings)
		}
		for _, line := range lines {
			if width > 0 && text.Width(line) > width {
				t.Errorf("%q is wider than %d columns", line, width)
			}
			if width == 0 && strings.Contains(line, "…") {
				t.Errorf("%q is shortened without a window", line)
			}
		}
	}
}

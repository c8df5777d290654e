// Package table prints columns side by side, for people at a window of any width.
//
// It knows no terminal and cleans no text: its cells have to be safe to show.
package table

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"msg/internal/text"
	"msg/internal/window"
)

const gap = "  "

// Column is a column of a table: its heading and the cells below. All columns of a
// table have the same number of cells.
type Column struct {
	Cells []string

	// Least is how narrow the column may become so that the table fits the window.
	// 0 shows its cells whole.
	Least int

	// Spare decides which columns are left out if narrow ones are not enough: the
	// highest number goes first. A column with 0 always stays.
	Spare int
}

func (c Column) width() int {
	width := 0
	for _, cell := range c.Cells {
		width = max(width, text.Width(cell))
	}
	return width
}

// Print prints at least one column. It fits the table into a window of that width as
// far as Least and Spare allow. A width of 0 is no window: Print shows everything.
func Print(out io.Writer, columns []Column, width int) error {
	widths := widthsOf(columns)
	if width > 0 {
		columns, widths = fit(columns, width)
	}
	var table strings.Builder
	for i := range columns[0].Cells {
		cells := make([]string, len(columns))
		for j, c := range columns {
			cells[j] = text.Pad(window.Truncate(c.Cells[i], widths[j]), widths[j])
		}
		fmt.Fprintln(&table, strings.TrimRight(strings.Join(cells, gap), " "))
	}
	_, err := io.WriteString(out, table.String()) // thousands of rows are one write(2)
	return err
}

func widthsOf(columns []Column) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = c.width()
	}
	return widths
}

// fit narrows columns, and leaves columns out one at a time until the rest fits.
func fit(columns []Column, width int) ([]Column, []int) {
	for {
		widths := widthsOf(columns)
		if narrow(columns, widths, width) {
			return columns, widths
		}
		spare := -1
		for i, c := range columns {
			if c.Spare > 0 && (spare < 0 || c.Spare > columns[spare].Spare) {
				spare = i
			}
		}
		if spare < 0 {
			return columns, widths
		}
		columns = slices.Delete(slices.Clone(columns), spare, spare+1)
	}
}

// narrow takes width from the widest column until all fit, and reports whether they do.
func narrow(columns []Column, widths []int, width int) bool {
	for {
		sum, widest := len(gap)*(len(columns)-1), -1
		for i, c := range columns {
			sum += widths[i]
			if c.Least > 0 && widths[i] > c.Least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if sum <= width || widest < 0 {
			return sum <= width
		}
		widths[widest]--
	}
}

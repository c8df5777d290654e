package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"msg/internal/text"
)

const gap = "  "

// column is a column of a table: its heading and the cells below.
type column struct {
	cells []string

	// least is how narrow it may become so that the table fits the window; 0
	// where its cells are shown whole.
	least int

	// spare says in which order columns are left out where that is not
	// enough: the highest first, and never one with 0.
	spare int
}

func (c column) width() int {
	width := 0
	for _, cell := range c.cells {
		width = max(width, text.Width(cell))
	}
	return width
}

// printTable prints the columns side by side, within width columns of the
// window as far as they may be shortened and left out. A width of 0 is no
// window: everything is shown.
func printTable(out io.Writer, columns []column, width int) error {
	widths := widthsOf(columns)
	if width > 0 {
		columns, widths = fit(columns, width)
	}
	var table strings.Builder
	for i := range columns[0].cells {
		cells := make([]string, len(columns))
		for j, c := range columns {
			cells[j] = text.Pad(text.Truncate(c.cells[i], widths[j]), widths[j])
		}
		fmt.Fprintln(&table, strings.TrimRight(strings.Join(cells, gap), " "))
	}
	_, err := io.WriteString(out, table.String()) // thousands of rows are one write(2)
	return err
}

func widthsOf(columns []column) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = c.width()
	}
	return widths
}

// fit shortens the columns that may be, the widest first, then leaves columns
// out.
func fit(columns []column, width int) ([]column, []int) {
	for {
		widths := widthsOf(columns)
		if shorten(columns, widths, width) {
			return columns, widths
		}
		spare := -1
		for i, c := range columns {
			if c.spare > 0 && (spare < 0 || c.spare > columns[spare].spare) {
				spare = i
			}
		}
		if spare < 0 {
			return columns, widths
		}
		columns = slices.Delete(slices.Clone(columns), spare, spare+1)
	}
}

// shorten reports whether the columns fit, having made them fit where it can.
func shorten(columns []column, widths []int, width int) bool {
	for {
		sum, widest := len(gap)*(len(columns)-1), -1
		for i, c := range columns {
			sum += widths[i]
			if c.least > 0 && widths[i] > c.least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if sum <= width || widest < 0 {
			return sum <= width
		}
		widths[widest]--
	}
}

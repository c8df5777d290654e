package main

import (
	"fmt"
	"io"
	"strings"

	"msg/internal/text"
)

const gap = "  "

// printTable prints rows in columns. Where the window has width columns (0: no
// window), the widest columns are shortened until a row fits.
func printTable(out io.Writer, rows [][]string, width int) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], text.Width(cell))
		}
	}
	if width > 0 {
		fit(widths, width-len(gap)*(len(widths)-1))
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = text.Pad(text.Truncate(cell, widths[i]), widths[i])
		}
		if _, err := fmt.Fprintln(out, strings.TrimRight(strings.Join(cells, gap), " ")); err != nil {
			return err
		}
	}
	return nil
}

// leastCell is what a column keeps, however narrow the window.
const leastCell = 4

// fit takes columns from the widest until their sum is at most all.
func fit(widths []int, all int) {
	for {
		sum, widest := 0, 0
		for i, w := range widths {
			sum += w
			if w > widths[widest] {
				widest = i
			}
		}
		if sum <= all || widths[widest] <= leastCell {
			return
		}
		widths[widest]--
	}
}

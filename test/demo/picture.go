package main

import (
	"fmt"
	"html"
	"strings"
)

// frame draws a box around the rows.
func frame(lines []string) string {
	var b strings.Builder
	b.WriteString("  +" + strings.Repeat("-", columns+2) + "+\n")
	for _, line := range lines {
		fmt.Fprintf(&b, "  | %-*s |\n", columns, line)
	}
	b.WriteString("  +" + strings.Repeat("-", columns+2) + "+\n")
	return b.String()
}

// Sizes of the picture, in pixels.
const (
	cell, leading, margin, title = 9, 20, 16, 32
)

// picture draws the rows as a window in SVG.
func picture(lines []string) string {
	width := columns*cell + 2*margin
	height := len(lines)*leading + 2*margin + title
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n",
		width, height, width, height)
	b.WriteString("<title>A terminal that received a message from msg</title>\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#1d2021"/>`+"\n", width, height)
	for i, color := range []string{"#fb4934", "#fabd2f", "#b8bb26"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="6" fill="%s"/>`+"\n", margin+6+i*20, title/2+2, color)
	}
	b.WriteString(`<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="15" xml:space="preserve">` + "\n")
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n",
			margin, title+margin+i*leading+leading/2, color(line), html.EscapeString(line))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// color sets the message off from what the shell wrote.
func color(line string) string {
	if strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "Message from ") {
		return "#fabd2f"
	}
	return "#ebdbb2"
}

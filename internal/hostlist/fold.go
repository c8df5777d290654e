package hostlist

import (
	"cmp"
	"slices"
	"strings"
)

// Fold writes hosts as a short list of patterns, in natural order: node2 stands
// before node10. Expand makes the same hosts of it. It folds one number after the
// other, from the last to the first; zeros before a number are kept, as
// ClusterShell does: where 09 is, 10 has two digits, and is apart from 9.
func Fold(hosts []string) string {
	type form struct {
		text    string
		numbers int
	}
	forms := map[form][]*folded{}
	for _, host := range hosts {
		f := cutNumbers(host)
		its := form{f.text, len(f.numbers)}
		forms[its] = append(forms[its], f)
	}
	var all []*folded
	for its, same := range forms {
		for column := its.numbers - 1; column >= 0; column-- {
			same = foldColumn(same, column)
		}
		if its.numbers == 0 {
			same = same[:1] // a name that was given several times
		}
		all = append(all, same...)
	}
	slices.SortFunc(all, inOrder)
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = f.String()
	}
	return strings.Join(words, ",")
}

// folded is one host, or several that differ in numbers alone.
type folded struct {
	first   string   // of the hosts
	text    string   // with a gap for each number
	numbers []string // of the first host
	done    []string // what is written for those that are folded, "" before
}

func inOrder(a, b *folded) int { return natural(a.first, b.first) }

// gap stands for a number in a host's text. No host has it.
const gap = "\x00"

// String writes the pattern.
func (f *folded) String() string {
	var b strings.Builder
	for i, text := range strings.Split(f.text, gap) {
		if i > 0 && i <= len(f.done) {
			b.WriteString(f.done[i-1])
		}
		b.WriteString(text)
	}
	return b.String()
}

// cutNumbers cuts the numbers out of a host's name. The user's name stays text, and
// so does a number that is too long for a range.
func cutNumbers(host string) *folded {
	f := &folded{first: host}
	start := strings.IndexByte(host, '@') + 1
	var text strings.Builder
	text.WriteString(host[:start])
	for i := start; i < len(host); {
		switch n := digitsAt(host[i:]); {
		case n == 0:
			text.WriteByte(host[i])
			i++
		case n > maxDigits:
			text.WriteString(host[i : i+n])
			i += n
		default:
			text.WriteString(gap)
			f.numbers = append(f.numbers, host[i:i+n])
			i += n
		}
	}
	f.text, f.done = text.String(), make([]string, len(f.numbers))
	return f
}

// digitsAt counts the digits that s begins with.
func digitsAt(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// foldColumn makes one of those that differ in no other number than the one of the
// column. All columns behind it are folded by now, and none before it.
func foldColumn(all []*folded, column int) []*folded {
	padded := map[int]bool{} // lengths in digits
	for _, f := range all {
		if n := f.numbers[column]; isPadded(n) {
			padded[len(n)] = true
		}
	}
	same := map[string][]*folded{}
	var order []string
	for _, f := range all {
		key := strings.Join(f.numbers[:column], gap) + gap + strings.Join(f.done[column+1:], gap)
		if _, ok := same[key]; !ok {
			order = append(order, key)
		}
		same[key] = append(same[key], f)
	}
	out := make([]*folded, 0, len(order))
	for _, key := range order {
		out = append(out, merge(same[key], column, padded))
	}
	return out
}

func merge(all []*folded, column int, padded map[int]bool) *folded {
	spans := make([]span, 0, len(all))
	for _, f := range all {
		text := f.numbers[column]
		s := span{low: number(text), high: number(text), step: 1}
		if padded[len(text)] {
			s.width = len(text)
		}
		spans = append(spans, s)
	}
	first := slices.MinFunc(all, inOrder)
	first.done[column] = writeSpans(joinSpans(spans))
	return first
}

// joinSpans puts numbers in order and makes ranges of those that follow each other.
func joinSpans(numbers []span) []span {
	slices.SortFunc(numbers, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.width, b.width), cmp.Compare(a.low, b.low))
	})
	var joined []span
	for _, n := range numbers {
		last := len(joined) - 1
		if last >= 0 && joined[last].width == n.width && n.low <= joined[last].high+1 {
			joined[last].high = n.high
			continue
		}
		joined = append(joined, n)
	}
	return joined
}

// writeSpans writes a bracket, or the one number that there is.
func writeSpans(spans []span) string {
	words := make([]string, len(spans))
	for i, s := range spans {
		words[i] = s.format(s.low)
		if s.high > s.low {
			words[i] += "-" + s.format(s.high)
		}
	}
	if len(spans) == 1 && spans[0].low == spans[0].high {
		return words[0]
	}
	return "[" + strings.Join(words, ",") + "]"
}

// natural compares names, the numbers in them by what they count.
func natural(a, b string) int {
	whole := cmp.Compare(a, b)
	for a != "" && b != "" {
		n, m := digitsAt(a), digitsAt(b)
		if n > 0 && m > 0 {
			x, y := strings.TrimLeft(a[:n], "0"), strings.TrimLeft(b[:m], "0")
			if order := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); order != 0 {
				return order
			}
			a, b = a[n:], b[m:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

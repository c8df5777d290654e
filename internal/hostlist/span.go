package hostlist

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxDigits is how long a number may be; longer ones are text, where they are in no
// bracket.
const maxDigits = 15

// span is a range of numbers: 1-40, 01-40/2, or one alone.
type span struct {
	low, high, step int64
	width           int // in digits, 0 where they are not padded
}

// parseSpans reads what is in a bracket.
func parseSpans(list string) ([]span, error) {
	if list == "" {
		return nil, errors.New("empty bracket")
	}
	var spans []span
	for word := range strings.SplitSeq(list, ",") {
		s, err := parseSpan(word)
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func parseSpan(word string) (span, error) {
	ends, step, hasStep := strings.Cut(word, "/")
	low, high, isRange := strings.Cut(ends, "-")
	if !isRange {
		high = low
	}
	if !hasStep {
		step = "1"
	}
	s := span{low: number(low), high: number(high), step: number(step)}
	switch {
	case s.low < 0 || s.high < 0 || s.step < 0 || hasStep && !isRange:
		return s, fmt.Errorf("%s is no range of numbers", quote(word))
	case isPadded(low) || isPadded(high):
		if s.width = len(low); s.width != len(high) {
			return s, fmt.Errorf("the ends of %s are padded to different lengths", quote(word))
		}
	}
	switch {
	case s.low > s.high:
		return s, fmt.Errorf("%s runs backwards", quote(word))
	case s.step == 0:
		return s, fmt.Errorf("%s has a step of 0", quote(word))
	}
	return s, nil
}

// number is a number's value, -1 where it is none that a range may have.
func number(s string) int64 {
	if s == "" || len(s) > maxDigits || strings.Trim(s, digits) != "" {
		return -1
	}
	n, _ := strconv.ParseInt(s, 10, 64) // 15 digits fit
	return n
}

// isPadded reports whether zeros stand before a number.
func isPadded(s string) bool { return len(s) > 1 && s[0] == '0' }

func (s span) count() int64 { return (s.high-s.low)/s.step + 1 }

func (s span) format(n int64) string { return string(s.appendTo(nil, n)) }

func (s span) appendTo(b []byte, n int64) []byte {
	var room [maxDigits + 1]byte
	text := strconv.AppendInt(room[:0], n, 10)
	for range s.width - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}

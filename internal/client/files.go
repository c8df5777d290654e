package client

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"msg/internal/message"
	"msg/internal/target"
)

// MostList limits a file of targets or of hosts, in bytes.
const MostList = 1 << 20

// ReadFile reads a whole file of at most so many bytes.
func ReadFile(name string, most int) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", &message.Refusal{Problem: err.Error()}
	}
	defer f.Close()
	return ReadAll(f, name, most)
}

// ReadAll reads everything, and refuses more than so many bytes: half of it could mean
// something else. name is what r is, in words.
func ReadAll(r io.Reader, name string, most int) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		return "", &message.Refusal{Problem: fmt.Sprintf("read %s: %v", name, path.Err)}
	case err != nil:
		return "", &message.Refusal{Problem: fmt.Sprintf("read %s: %v", name, err)}
	case len(data) > most:
		return "", &message.Refusal{Problem: fmt.Sprintf("%s is longer than %d KiB", name, most>>10)}
	}
	return string(data), nil
}

// WithoutComments cuts each line at its first #.
func WithoutComments(content string) string {
	lines := strings.Split(content, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "#")
	}
	return strings.Join(lines, "\n")
}

// parseTargets reads a file of targets: one or more a line, parted by blanks or
// commas; # begins a comment. A file names no further files.
func parseTargets(name, content string) ([]target.Target, error) {
	var targets []target.Target
	for n, line := range strings.Split(content, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			found, err := target.Parse(word)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n+1, err)
			}
			for _, t := range found {
				if t.Kind == target.File {
					return nil, fmt.Errorf("%s:%d: a file of targets can't name another, %q", name, n+1, t.Name)
				}
			}
			targets = append(targets, found...)
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("%s: %w list", name, target.ErrEmpty)
	}
	return targets, nil
}

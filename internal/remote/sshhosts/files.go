package sshhosts

import (
	"io/fs"
	"path"
	"strings"
)

// config reads a file of ssh_config(5). What it includes is below dir, where that is said
// by no whole path.
func (r *reader) config(name, dir string, depth int) {
	for line := range strings.Lines(r.read(name)) {
		words := fields(line)
		switch strings.ToLower(words[0]) {
		case "host":
			for _, pattern := range words[1:] {
				r.add(pattern) // one with a * or ! is no host
			}
		case "include":
			for _, pattern := range words[1:] {
				r.include(pattern, dir, depth+1)
			}
		}
	}
}

func (r *reader) include(pattern, dir string, depth int) {
	if below, ok := strings.CutPrefix(pattern, "~/"); ok {
		if r.home == "" {
			return
		}
		pattern = path.Join(r.home, below)
	}
	if !path.IsAbs(pattern) {
		pattern = path.Join(dir, pattern)
	}
	if depth > mostDepth || r.files == 0 || wildParts(pattern) > mostWild {
		return
	}
	files, err := fs.Glob(r.root, rooted(pattern))
	if err != nil {
		return
	}
	for _, file := range files {
		r.config("/"+file, dir, depth)
	}
}

// wildParts counts the parts of a path that each may be many directories.
func wildParts(pattern string) int {
	n := 0
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.ContainsAny(part, "*?[") {
			n++
		}
	}
	return n
}

// fields are a line's keyword and the words behind it, at least one. A keyword may have a =
// behind it, and words may be in double quotes; # begins a comment.
func fields(line string) []string {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, blanks+`="`)
	if end < 0 {
		return []string{line}
	}
	words := []string{line[:end]}
	rest := strings.TrimLeft(line[end:], blanks)
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "="), blanks)
	for rest != "" && rest[0] != '#' {
		ends := blanks
		if rest[0] == '"' {
			rest, ends = rest[1:], `"`
		}
		end := strings.IndexAny(rest, ends)
		if end < 0 {
			return append(words, rest)
		}
		words = append(words, rest[:end])
		rest = strings.TrimLeft(rest[end+1:], blanks)
	}
	return words
}

const blanks = " \t\r\f"

// known reads a list of known hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Not among the
// names are those with a port, [web1]:2222: ssh web1 goes to another port, where somebody
// else may listen. Where such a host is meant by a name alone, ssh's configuration has it.
func (r *reader) known(name string) {
	for line := range strings.Lines(r.read(name)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.ContainsAny(words[0][:1], "#@|") { // @revoked, @cert-authority; hashed
			continue
		}
		for host := range strings.SplitSeq(words[0], ",") {
			r.add(host)
		}
	}
}

// Package sshhosts finds the names of hosts in the files that ssh reads: those after Host
// in ssh_config(5), with the files that these include, and those in lists of known hosts.
//
// It is for offering names, and so it leaves out what is none: patterns, what is hashed, and
// what the grammar of hosts does not take, whatever a file has there. It reads files and
// nothing else: no program is run, as Match exec would, and no name is resolved. A file that
// cannot be read has no names.
package sshhosts

import (
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"msg/internal/hostlist"
)

// What is read at most. A list of ten thousand known hosts has some MiB.
const (
	mostBytes = 16 << 20 // of all files
	mostFiles = 256
	mostDepth = 16 // of files that include others, as with ssh
	mostWild  = 2  // parts of a path with a pattern: each multiplies what has to be looked at
)

// Names returns the names in the user's files, and in the system's below /etc/ssh, in order.
// root is the file system, home the user's directory there, or "" for none.
func Names(root fs.FS, home string) []string {
	r := reader{root: root, home: home, bytes: mostBytes, files: mostFiles, names: map[string]bool{}}
	r.config("/etc/ssh/ssh_config", "/etc/ssh", 0)
	r.known("/etc/ssh/ssh_known_hosts")
	r.known("/etc/ssh/ssh_known_hosts2")
	if home != "" {
		r.config(path.Join(home, ".ssh/config"), path.Join(home, ".ssh"), 0)
		r.known(path.Join(home, ".ssh/known_hosts"))
		r.known(path.Join(home, ".ssh/known_hosts2"))
	}
	return slices.Sorted(maps.Keys(r.names))
}

// reader collects names, and counts down what it may still read.
type reader struct {
	root         fs.FS
	home         string
	bytes, files int
	names        map[string]bool
}

// read returns what a file holds. Another thing than a file could keep its reader waiting.
func (r *reader) read(name string) string {
	name = rooted(name)
	info, err := fs.Stat(r.root, name)
	if err != nil || !info.Mode().IsRegular() || r.files == 0 {
		return ""
	}
	f, err := r.root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	r.files--
	content, err := io.ReadAll(io.LimitReader(f, int64(r.bytes)))
	if err != nil {
		return ""
	}
	r.bytes -= len(content)
	return string(content)
}

// rooted is a path as package fs has it.
func rooted(name string) string {
	if name = strings.TrimPrefix(path.Clean(name), "/"); name != "" {
		return name
	}
	return "."
}

func (r *reader) add(name string) {
	if !r.names[name] && isHost(name) {
		r.names[name] = true
	}
}

// isHost takes what is a list of hosts that comes to this one name. A user in front of it is
// left out: in ssh's files that is no user.
func isHost(name string) bool {
	hosts, err := hostlist.Expand(name, nil)
	return err == nil && len(hosts) == 1 && hosts[0] == name && !strings.Contains(name, "@")
}

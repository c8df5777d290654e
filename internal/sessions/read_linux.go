package sessions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxUtmp bounds what is read of utmp, in bytes: some 40,000 records.
const maxUtmp = 16 << 20

// Read looks at this moment. It fails only if no terminal can be seen at all; a register
// that cannot be read is one of the picture's Problems.
func (s System) Read(ctx context.Context) (Picture, error) {
	asking, enough := context.WithCancel(ctx)
	defer enough()
	addLogins := func(*Picture) {}
	if s.Logind != nil {
		addLogins = s.Logind.Ask(asking) // while this looks at the kernel
	}
	p, err := s.look(ctx)
	if err != nil {
		enough() // nobody needs the answer; it is waited for all the same
	}
	addLogins(&p)
	return p, err
}

// look looks at the kernel, and at utmp.
func (s System) look(ctx context.Context) (Picture, error) {
	terminals, err := s.devices(ctx)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{Terminals: terminals}
	processes, err := readProc(s.Proc)
	if err != nil {
		p.Problems = append(p.Problems, err)
	}
	hanging := processes.hanging()
	plant(terminals, processes, bootTime())
	for i := range terminals {
		terminals[i].Hangs = hanging[terminals[i].Device]
	}
	p.Blind = s.doubt(terminals, processes.hidden)
	if err := s.tellBirths(terminals); err != nil {
		p.Problems = append(p.Problems, err)
	}
	if p.Blind != "" {
		p.Problems = append(p.Problems, errors.New(p.Blind))
	}
	records, err := s.utmp()
	if err != nil {
		p.Problems = append(p.Problems, fmt.Errorf("utmp: %w", err))
	}
	p.annotate(records)
	return p, nil
}

// devices returns the terminals below /dev, by name.
func (s System) devices(ctx context.Context) ([]Terminal, error) {
	terminals, err := s.list()
	if err == nil {
		s.nameOwners(ctx, terminals)
	}
	return terminals, err
}

// list returns the terminals below /dev, by name, without their owners' names.
func (s System) list() ([]Terminal, error) {
	ptys, err := fileNames(s.Dev + "/pts")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lines, err := fileNames(s.Dev)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range ptys {
		if name[0] >= '0' && name[0] <= '9' {
			names = append(names, "pts/"+name)
		}
	}
	for _, name := range lines {
		if isLine(name) {
			names = append(names, name)
		}
	}
	sort.Sort(terminalNames(names))
	terminals := make([]Terminal, 0, len(names))
	for _, name := range names {
		if t, ok := s.device(name); ok {
			terminals = append(terminals, t)
		}
	}
	return terminals, nil
}

func (s System) nameOwners(ctx context.Context, terminals []Terminal) {
	owners := make([]uint32, len(terminals))
	for i := range terminals {
		owners[i] = terminals[i].Owner
	}
	names := s.UserNames(ctx, owners)
	for i := range terminals {
		t := &terminals[i]
		if t.User = names[t.Owner]; t.User == "" {
			t.User = strconv.FormatUint(uint64(t.Owner), 10)
		}
	}
}

func fileNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// isLine reports whether it is the name of a virtual console or a serial line: tty1, ttyS0,
// ttyUSB0, hvc0. /dev/tty and /dev/tty0 are other names for one of them.
func isLine(name string) bool {
	kind := strings.TrimRight(name, digits)
	number := name[len(kind):]
	switch driver, isTTY := strings.CutPrefix(kind, "tty"); {
	case number == "":
		return false
	case kind == "hvc":
		return true
	case !isTTY:
		return false
	case driver == "":
		return number[0] != '0'
	default:
		return strings.Trim(driver, capitals) == ""
	}
}

func (s System) device(name string) (Terminal, bool) {
	var st syscall.Stat_t
	err := syscall.Lstat(s.Dev+"/"+name, &st)
	if err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFCHR {
		return Terminal{}, false // closed since the directory was read
	}
	return Terminal{
		Name: name, Device: st.Rdev, Owner: st.Uid,
		Mode:      st.Mode & 0o7777,
		LastInput: time.Unix(st.Atim.Unix()),
		Sources:   []Source{Device},
	}, true
}

func (s System) utmp() ([]Record, error) {
	f, err := os.OpenFile(s.Utmp, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a system without utmp
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("not a regular file")) // a FIFO would be waited for
	}
	data, err := io.ReadAll(io.LimitReader(f, maxUtmp))
	return ParseUtmp(data, NativeLayout()), err
}

// LoginFile reads the file of a session, if it tells what logind would.
//
// A session's user may have logind set DISPLAY, and logind (of systemd 252 and of 257)
// writes it as it is: with line breaks in it, it is any number of keys. So a file that has
// a display tells nothing. Other values are escaped; one in quotes would be news.
func (s System) LoginFile(session string) (LoginFile, error) {
	if !isID(session) {
		return nil, syscall.ENOENT
	}
	path := s.Logins + "/" + session
	content, err := readSmall(path) // it is some 400 bytes
	if len(content) == smallSize {
		content, err = os.ReadFile(path)
	}
	if bytes.Contains(content, []byte("\nDISPLAY=")) || bytes.Contains(content, []byte(`="`)) {
		return nil, errors.New("the file of a session may hold what its user wrote")
	}
	return content, err
}

// terminalNames sort pts/2 before pts/10.
type terminalNames []string

func (n terminalNames) Len() int      { return len(n) }
func (n terminalNames) Swap(i, j int) { n[i], n[j] = n[j], n[i] }

func (n terminalNames) Less(i, j int) bool {
	a, b := n[i], n[j]
	if len(a) != len(b) && strings.HasPrefix(a, "pts/") == strings.HasPrefix(b, "pts/") {
		return len(a) < len(b)
	}
	return a < b
}

// Package accounts looks up users and groups. It reads /etc/passwd and /etc/group first. If
// they do not know a name, it asks getent, which also knows directory services (LDAP, SSSD).
//
// It keeps what it has found for as long as the Directory lives: for one run of a program. It
// changes nothing, and gives getent no name that it could take for an option or a number.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// User is an account.
type User struct {
	Name string
	UID  uint32
	GID  uint32 // primary group
}

// Group is a group with the members that it names: not those whose primary group alone it is.
type Group struct {
	Name    string
	GID     uint32
	Members []string
}

// ErrUnknown is returned for an account that does not exist.
var ErrUnknown = errors.New("unknown account")

// Directory looks accounts up. Its zero value is ready. It is not for concurrent use.
type Directory struct {
	// Getent is the program to ask, by default /usr/bin/getent or /bin/getent.
	Getent string

	// FilesOnly asks no getent. It is for a caller that must not wait: a directory service may
	// take seconds.
	FilesOnly bool

	byUID map[uint32]User // an empty User where none was found
	hangs error           // a question timed out: no other is asked
}

// User returns the account of that name.
func (d *Directory) User(ctx context.Context, name string) (found User, err error) {
	eachUser(readFile(passwdFile), func(u User) bool {
		if u.Name == name {
			found = u
		}
		return found.Name == ""
	})
	if found.Name != "" {
		return found, nil
	}
	fields, err := d.askName(ctx, "passwd", name)
	if err != nil {
		return User{}, err
	}
	return parseUser(fields)
}

// parseUser reads the fields of a line of passwd(5).
func parseUser(fields []string) (User, error) {
	u, ok := userOf([]byte(strings.Join(fields, ":")))
	if !ok {
		return u, ErrUnknown
	}
	return u, nil
}

// UserByID returns the account with that uid.
func (d *Directory) UserByID(ctx context.Context, uid uint32) (User, error) {
	err := d.lookUp(ctx, []uint32{uid})
	u := d.byUID[uid]
	if err == nil && u.Name == "" {
		err = ErrUnknown
	}
	return u, err
}

// Name returns the name of a uid, or "" if it has none.
func (d *Directory) Name(ctx context.Context, uid uint32) string {
	return d.Names(ctx, []uint32{uid})[uid]
}

// Names returns the names of those uids that have one.
func (d *Directory) Names(ctx context.Context, uids []uint32) map[uint32]string {
	_ = d.lookUp(ctx, uids) // without an answer there is no name; UserByID says why
	names := make(map[uint32]string, len(uids))
	for _, uid := range uids {
		if name := d.byUID[uid].Name; name != "" {
			names[uid] = name
		}
	}
	return names
}

// lookUp finds the accounts of uids. There may be thousands: it asks getent for many at once.
func (d *Directory) lookUp(ctx context.Context, uids []uint32) error {
	if d.byUID == nil {
		d.byUID = map[uint32]User{}
	}
	missing := map[uint32]bool{}
	for _, uid := range uids {
		if _, asked := d.byUID[uid]; !asked {
			missing[uid] = true
		}
	}
	found := func(u User) {
		if missing[u.UID] {
			d.byUID[u.UID] = u
			delete(missing, u.UID)
		}
	}
	if len(missing) > 0 {
		eachUser(readFile(passwdFile), func(u User) bool {
			found(u)
			return len(missing) > 0
		})
	}
	for len(missing) > 0 {
		keys := someOf(missing)
		out, err := d.ask(ctx, "passwd", keys...)
		eachUser(out, func(u User) bool {
			found(u)
			return true
		})
		if err != nil && !errors.Is(err, ErrUnknown) {
			return err
		}
		for _, key := range keys {
			if uid, _ := number([]byte(key)); missing[uid] {
				found(User{UID: uid}) // asked for, and there is none
			}
		}
	}
	return nil
}

// someOf returns uids as keys for getent, as many as one question may have.
func someOf(uids map[uint32]bool) (keys []string) {
	for uid := range uids {
		if keys = append(keys, strconv.FormatUint(uint64(uid), 10)); len(keys) == mostKeys {
			break
		}
	}
	return keys
}

// Group returns the group of that name.
func (d *Directory) Group(ctx context.Context, name string) (Group, error) {
	fields := inGroupFile(0, name)
	if fields == nil {
		var err error
		if fields, err = d.askName(ctx, "group", name); err != nil {
			return Group{}, err
		}
	}
	return parseGroup(fields)
}

// GroupByID returns the group with that gid.
func (d *Directory) GroupByID(ctx context.Context, gid uint32) (Group, error) {
	id := strconv.FormatUint(uint64(gid), 10)
	fields := inGroupFile(2, id)
	if fields == nil {
		var err error
		if fields, err = d.askOne(ctx, "group", id); err != nil {
			return Group{}, err
		}
	}
	g, err := parseGroup(fields)
	if err == nil && g.GID != gid { // a group whose name is that number
		return Group{}, ErrUnknown
	}
	return g, err
}

// parseGroup reads the fields of a line of group(5).
func parseGroup(fields []string) (Group, error) {
	gid, err := strconv.ParseUint(fields[2], 10, 32)
	if err != nil {
		return Group{}, err
	}
	g := Group{Name: fields[0], GID: uint32(gid)}
	for name := range strings.SplitSeq(fields[3], ",") {
		if name != "" {
			g.Members = append(g.Members, name)
		}
	}
	return g, nil
}

// Has reports whether u is in the group, as getgrouplist(3) does: by name or by primary group.
func (g Group) Has(u User) bool {
	return u.GID == g.GID || slices.Contains(g.Members, u.Name)
}

// askName asks for a name. It asks for no number, which getent would take for an id.
func (d *Directory) askName(ctx context.Context, database, name string) ([]string, error) {
	if _, err := strconv.Atoi(name); err == nil || name == "" || name[0] == '-' ||
		strings.ContainsAny(name, ":\n\x00") {
		return nil, ErrUnknown
	}
	return d.askOne(ctx, database, name)
}

// The limits of questions to getent.
const (
	mostKeys     = 100             // uids in one
	timeout      = 5 * time.Second // of one, and so of all: none follows one that hangs
	exitNotFound = 2               // its status if it does not know a key
)

// askOne returns the fields of the line that getent prints for a key.
func (d *Directory) askOne(ctx context.Context, database, key string) ([]string, error) {
	out, err := d.ask(ctx, database, key)
	if err != nil {
		return nil, err
	}
	return fieldsOf(string(out))
}

// fieldsOf returns the fields of the first line.
func fieldsOf(out string) ([]string, error) {
	line, _, _ := strings.Cut(out, "\n")
	fields := strings.Split(line, ":")
	if len(fields) < 4 {
		return nil, ErrUnknown
	}
	return fields, nil
}

// ask runs getent, without an environment, and returns what it prints. That may be a part, with
// ErrUnknown or another error. A system without getent has its files alone.
func (d *Directory) ask(ctx context.Context, database string, keys ...string) ([]byte, error) {
	program := d.getent()
	if program == "" || d.FilesOnly {
		return nil, ErrUnknown
	}
	if d.hangs != nil {
		return nil, d.hangs
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{database}, keys...)...)
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second // for a child of its own that keeps the pipe
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == exitNotFound:
		return out, ErrUnknown
	case ctx.Err() != nil:
		d.hangs = fmt.Errorf("getent %s: %w", database, ctx.Err())
		return out, d.hangs
	case err != nil:
		return out, fmt.Errorf("getent %s: %w", database, err)
	}
	return out, nil
}

func (d *Directory) getent() string {
	for _, program := range []string{d.Getent, "/usr/bin/getent", "/bin/getent"} {
		if _, err := os.Stat(program); err == nil {
			return program
		}
	}
	return ""
}

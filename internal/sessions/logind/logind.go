// Package logind tells whom systemd-logind knows to be logged in, by its files or over
// D-Bus (org.freedesktop.login1(5)).
//
// It is apart from package sessions so that a privileged program can do
// without D-Bus. It only asks, never changes anything, and it never waits
// longer than Timeout for a bus that is absent, hangs or answers slowly.
package logind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"msg/internal/sessions"
	"msg/internal/sessions/logins"
)

// Timeout bounds everything that List does.
const Timeout = time.Second

const (
	service = "org.freedesktop.login1"
	manager = service + ".Manager"
	session = service + ".Session"
)

// Sessions returns a function that tells logind's sessions, as List does, in a fraction of
// its time: 1,000 of logind's files are read in that of 130 questions over D-Bus. They lack the
// terminals that logind has from utmp alone; the kernel shows whose those are. So logind is
// asked of all sessions only where /proc hides that, or where there are no such files.
func Sessions(on sessions.System) func(context.Context) ([]sessions.Session, error) {
	return func(ctx context.Context) ([]sessions.Session, error) {
		if _, err := os.ReadFile(on.Proc + "/1/stat"); err != nil {
			return List(ctx) // /proc hides other people's processes
		}
		found, unsure, err := logins.Read(on)
		switch {
		case err != nil:
			return List(ctx)
		case len(unsure) == 0:
			return found, nil
		}
		asked, err := ask(ctx, func(id string) bool { return slices.Contains(unsure, id) })
		return append(found, asked...), err
	}
}

// List returns logind's sessions by its own word; none and no error where no system bus is.
func List(ctx context.Context) ([]sessions.Session, error) {
	return ask(ctx, func(string) bool { return true })
}

// ask asks for the sessions with such ids.
func ask(ctx context.Context, wanted func(id string) bool) ([]sessions.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	conn, err := connect(ctx)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	paths, err := list(ctx, conn, wanted)
	if isError(err, "ServiceUnknown", "NameHasNoOwner") {
		return nil, nil // a bus without logind
	}
	if err != nil {
		return nil, err
	}
	return describe(ctx, conn, paths)
}

// connect opens a connection whose socket has the deadline of ctx, so that
// every step on it ends in time.
func connect(ctx context.Context) (*dbus.Conn, error) {
	path, err := socketPath()
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := socket.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, socket.Close())
		}
	}
	conn, err := dbus.NewConn(socket)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	if err = conn.Auth(nil); err == nil { // Hello waits without end where that has failed
		err = conn.Hello()
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

const defaultSocket = "/run/dbus/system_bus_socket"

// socketPath honours DBUS_SYSTEM_BUS_ADDRESS as D-Bus clients do, for a socket
// in the file system, the one kind that a system bus has on Linux.
func socketPath() (string, error) {
	address := os.Getenv("DBUS_SYSTEM_BUS_ADDRESS")
	if address == "" {
		return defaultSocket, nil
	}
	path, ok := strings.CutPrefix(address, "unix:path=")
	path, _, _ = strings.Cut(path, ",")
	if !ok || path == "" {
		return "", fmt.Errorf("DBUS_SYSTEM_BUS_ADDRESS %q is not of the form unix:path=FILE", address)
	}
	return path, nil
}

// list returns the objects of logind's sessions with such ids, in one call.
func list(ctx context.Context, conn *dbus.Conn, wanted func(id string) bool) ([]dbus.ObjectPath, error) {
	var answer []struct {
		ID   string
		UID  uint32
		User string
		Seat string
		Path dbus.ObjectPath
	}
	logind := conn.Object(service, "/org/freedesktop/login1")
	if err := logind.CallWithContext(ctx, manager+".ListSessions", 0).Store(&answer); err != nil {
		return nil, err
	}
	var paths []dbus.ObjectPath
	for _, one := range answer {
		if wanted(one.ID) {
			paths = append(paths, one.Path)
		}
	}
	return paths, nil
}

// describe asks for the properties of all sessions at once, without waiting for
// one answer before the next question: ListSessionsEx, which systemd 256 has,
// tells neither the type nor the remote host.
func describe(ctx context.Context, conn *dbus.Conn, paths []dbus.ObjectPath) ([]sessions.Session, error) {
	calls := make([]*dbus.Call, len(paths))
	for i, path := range paths {
		calls[i] = conn.Object(service, path).GoWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", 0, nil, session)
	}
	var found []sessions.Session
	for _, call := range calls {
		properties := map[string]dbus.Variant{}
		err := (<-call.Done).Store(&properties)
		if isError(err, "UnknownObject", "UnknownInterface", "UnknownMethod") {
			continue // ended since it was listed
		}
		if err != nil {
			return nil, err
		}
		if properties["State"].Value() != "closing" { // logged out, with processes left behind
			found = append(found, fromProperties(properties))
		}
	}
	return found, nil
}

// fromProperties takes what is of the documented type and leaves the rest
// empty.
func fromProperties(p map[string]dbus.Variant) sessions.Session {
	text := func(name string) string { s, _ := p[name].Value().(string); return s }
	uid, _ := first(p["User"]).(uint32)
	seat, _ := first(p["Seat"]).(string)
	since, _ := p["Timestamp"].Value().(uint64) // microseconds since 1970
	return sessions.Session{
		ID: text("Id"), User: text("Name"), UID: uid, Class: text("Class"), Type: text("Type"), Seat: seat,
		Terminal: strings.TrimPrefix(text("TTY"), "/dev/"), Host: text("RemoteHost"),
		Since: time.UnixMicro(int64(since)),
	}
}

// first returns the first member of a D-Bus structure: the id or uid that
// stands before an object's path.
func first(v dbus.Variant) any {
	if members, ok := v.Value().([]any); ok && len(members) > 0 {
		return members[0]
	}
	return nil
}

// isError reports whether err is one of D-Bus's own errors of those names.
func isError(err error, names ...string) bool {
	var e dbus.Error
	if !errors.As(err, &e) {
		return false
	}
	name, ok := strings.CutPrefix(e.Name, "org.freedesktop.DBus.Error.")
	return ok && slices.Contains(names, name)
}

// Walls returns the register by which logind chooses whose terminals it writes its warnings
// of a shutdown to: utmp, if systemd is built to read it and the file is there, as utmp says;
// else its own sessions, since version 255, which has src/shared/wall.c. It is "" where it
// writes to nobody.
func Walls(ctx context.Context, utmp bool) (sessions.Source, error) {
	var features, version string
	const systemd, manager = "org.freedesktop.systemd1", "org.freedesktop.systemd1.Manager"
	err := errors.Join(
		property(ctx, systemd, "/org/freedesktop/systemd1", manager, "Features", &features),
		property(ctx, systemd, "/org/freedesktop/systemd1", manager, "Version", &version))
	switch {
	case err != nil:
		return "", err
	case utmp && slices.Contains(strings.Fields(features), "+UTMP"):
		return sessions.Utmp, nil
	case major(version) >= 255:
		return sessions.Logind, nil
	}
	return "", nil
}

// major is the number that a version begins with: 257.13-1~deb13u1.
func major(version string) int {
	digits := strings.IndexFunc(version+".", func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.Atoi(version[:digits])
	if err != nil {
		return 0
	}
	return n
}

// GoesDown reports whether the system is on its way down, even if something still delays it.
func GoesDown(ctx context.Context) (preparing bool, err error) {
	err = property(ctx, service, "/org/freedesktop/login1", manager, "PreparingForShutdown", &preparing)
	return preparing, err
}

// Warns reports whether logind is to warn people at all: shutdown --no-wall has it not do so.
func Warns(ctx context.Context) (warns bool, err error) {
	err = property(ctx, service, "/org/freedesktop/login1", manager, "EnableWallMessages", &warns)
	return warns, err
}

func property(ctx context.Context, service, object, of, name string, value any) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	conn, err := connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	call := conn.Object(service, dbus.ObjectPath(object)).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, of, name)
	return call.Store(value)
}

package logind_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"msg/internal/sessions"
	"msg/internal/sessions/logind"
)

// bus starts a private dbus-daemon and makes it the system bus of this test.
func bus(t *testing.T) *dbus.Conn {
	t.Helper()
	address := "unix:path=" + filepath.Join(t.TempDir(), "bus")
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address="+address)
	stdout, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("dbus-daemon (Debian package dbus-daemon): %v", err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

type listed struct {
	ID   string
	UID  uint32
	User string
	Seat string
	Path dbus.ObjectPath
}

// manager stands in for logind where it gives answers that the real one, which
// the lab's hosts run, rarely gives.
type manager struct {
	sessions []listed
	wait     time.Duration
}

func (m manager) ListSessions() ([]listed, *dbus.Error) {
	time.Sleep(m.wait)
	return m.sessions, nil
}

type properties map[string]dbus.Variant

func (p properties) GetAll(string) (map[string]dbus.Variant, *dbus.Error) { return p, nil }

func export(t *testing.T, conn *dbus.Conn, m manager, objects map[string]properties) {
	t.Helper()
	err := conn.Export(m, "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
	for path, p := range objects {
		if err == nil {
			err = conn.Export(p, dbus.ObjectPath(path), "org.freedesktop.DBus.Properties")
		}
	}
	if err == nil {
		_, err = conn.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestList(t *testing.T) {
	conn := bus(t)
	export(t, conn, manager{sessions: []listed{
		{ID: "c1", Path: "/s/c1"}, {ID: "gone", Path: "/s/gone"}, {ID: "odd", Path: "/s/odd"}, {ID: "out", Path: "/s/out"},
	}}, map[string]properties{
		"/s/c1": {
			"Id": dbus.MakeVariant("c1"), "Name": dbus.MakeVariant("alice"),
			"User": dbus.MakeVariant(struct {
				UID  uint32
				Path dbus.ObjectPath
			}{1001, "/u/1001"}),
			"Seat": dbus.MakeVariant(struct {
				ID   string
				Path dbus.ObjectPath
			}{"seat0", "/seat"}),
			"Class": dbus.MakeVariant("user"), "Type": dbus.MakeVariant("tty"),
			"TTY": dbus.MakeVariant("/dev/pts/2"), "RemoteHost": dbus.MakeVariant("10.0.0.5"),
			"Timestamp": dbus.MakeVariant(uint64(1_790_000_000_000_000)),
		},
		"/s/out": {"Id": dbus.MakeVariant("out"), "State": dbus.MakeVariant("closing")},
		"/s/odd": {"Id": dbus.MakeVariant(uint32(7)), "Name": dbus.MakeVariant("bob")},
	})
	got, err := logind.List(t.Context())
	want := []sessions.Session{
		{
			ID: "c1", User: "alice", UID: 1001, Class: "user", Type: "tty", Seat: "seat0",
			Terminal: "pts/2", Host: "10.0.0.5", Since: time.Unix(1_790_000_000, 0),
		},
		{User: "bob"},
	}
	for i := range got {
		if got[i].User == "bob" {
			got[i].Since = time.Time{}
		}
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestBusWithoutLogind(t *testing.T) {
	bus(t)
	if got, err := logind.List(t.Context()); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestNoBus(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	if got, err := logind.List(t.Context()); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=example.com")
	if _, err := logind.List(t.Context()); err == nil || !strings.Contains(err.Error(), "DBUS_SYSTEM_BUS_ADDRESS") {
		t.Errorf("an address of another kind: %v", err)
	}
}

func TestHangingLogind(t *testing.T) {
	export(t, bus(t), manager{wait: time.Hour}, nil)
	checkTimesOut(t)
}

// TestHangingBus has a bus that accepts and never answers, and one that does
// not even accept.
func TestHangingBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+path)
	checkTimesOut(t)
}

func checkTimesOut(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := logind.List(ctx)
	if err == nil || ctx.Err() != nil {
		t.Errorf("got %v, %v; want it to end by itself", got, err)
	}
}

func TestClosingBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+path)
	if _, err := logind.List(t.Context()); err == nil {
		t.Error("a bus that closes is no error")
	}
	if err := os.Remove(path); err != nil {
		t.Log(err)
	}
}

// TestRefusingBus has a bus that lets nobody in, and one that speaks another language: there
// is an error, at once, and nothing stays behind.
func TestRefusingBus(t *testing.T) {
	for _, answer := range []string{"REJECTED EXTERNAL\r\n", "\r\n", "220 here is another\r\n", "\x00\xff\r\n"} {
		path := filepath.Join(t.TempDir(), "bus")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		var conns sync.WaitGroup
		conns.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				conns.Go(func() {
					defer conn.Close()
					lines := bufio.NewReader(conn)
					for err := error(nil); err == nil; _, err = lines.ReadString('\n') {
						_, _ = conn.Write([]byte(answer))
					}
				})
			}
		})
		t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+path)
		before := runtime.NumGoroutine()
		for range 50 {
			begun := time.Now()
			if _, err := logind.List(t.Context()); err == nil || time.Since(begun) > 30*time.Second {
				t.Fatalf("%q: %v after %v", answer, err, time.Since(begun))
			}
		}
		for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%q: %d goroutines, %d before", answer, runtime.NumGoroutine(), before)
			}
		}
		listener.Close()
		conns.Wait()
	}
}

// facts stands in for the properties of systemd, and of logind's manager.
type facts map[string]any

func (f facts) Get(_, name string) (dbus.Variant, *dbus.Error) {
	value, ok := f[name]
	if !ok {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", nil)
	}
	return dbus.MakeVariant(value), nil
}

func TestWalls(t *testing.T) {
	conn := bus(t)
	if _, err := logind.Walls(t.Context(), true); err == nil {
		t.Error("a bus without systemd tells")
	}
	if _, err := conn.RequestName("org.freedesktop.systemd1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	export := func(f facts) {
		t.Helper()
		if err := conn.Export(f, "/org/freedesktop/systemd1", "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
	}
	const with, without = "+PAM +UTMP +SYSVINIT", "+PAM -UTMP +SYSVINIT"
	for _, c := range []struct {
		features, version string
		utmp              bool
		want              sessions.Source
	}{
		{with, "252 (252.39-1~deb12u2)", true, sessions.Utmp},
		{with, "252 (252.39-1~deb12u2)", false, ""},
		{without, "252.39", true, ""},
		{with, "257.13-1~deb13u1", true, sessions.Utmp},
		{with, "257.13-1~deb13u1", false, sessions.Logind},
		{without, "257.13-1~deb13u1", true, sessions.Logind},
		{without, "255", true, sessions.Logind},
		{"+UTMPX", "v260", true, ""},
		{"", "", false, ""},
	} {
		export(facts{"Features": c.features, "Version": c.version})
		if got, err := logind.Walls(t.Context(), c.utmp); err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	export(facts{"Features": with})
	if _, err := logind.Walls(t.Context(), true); err == nil {
		t.Error("a systemd without a version tells")
	}
}

func TestGoesDown(t *testing.T) {
	conn := bus(t)
	if _, err := conn.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if err := conn.Export(facts{"PreparingForShutdown": want, "EnableWallMessages": !want}, "/org/freedesktop/login1", "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
		if got, err := logind.GoesDown(t.Context()); err != nil || got != want {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
		if got, err := logind.Warns(t.Context()); err != nil || got == want {
			t.Errorf("%v, %v, want %v", got, err, !want)
		}
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
	if _, err := logind.GoesDown(t.Context()); err == nil {
		t.Error("an absent bus tells")
	}
}

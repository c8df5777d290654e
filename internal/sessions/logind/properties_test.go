package logind

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"msg/internal/sessions"
)

// FuzzProperties holds that of what is said of a session, what has the documented type is
// taken as it is, and nothing else is taken for it.
func FuzzProperties(f *testing.F) {
	f.Add("c3", "alice", uint32(1000), "/dev/pts/3", uint64(1_790_000_000_000_000), uint8(0))
	f.Add("../x", "\xff\x1b[2J", ^uint32(0), "pts/../3", ^uint64(0), uint8(0b10101))
	f.Add("", "", uint32(0), "/dev//dev/tty1", uint64(0), uint8(0b11111))
	f.Fuzz(func(t *testing.T, id, name string, uid uint32, tty string, since uint64, wrong uint8) {
		value := func(i int, right, other any) dbus.Variant {
			if wrong>>i&1 != 0 {
				return dbus.MakeVariant(other)
			}
			return dbus.MakeVariant(right)
		}
		got := fromProperties(map[string]dbus.Variant{
			"Id": value(0, id, uid), "Name": value(1, name, []any{name}), "User": value(2, []any{uid, id}, []any{id, uid}),
			"TTY": value(3, tty, since), "Timestamp": value(4, since, int64(since)), "Seat": value(2, []any{name}, []any{}),
		})
		want := sessions.Session{Since: time.UnixMicro(0)}
		for i, set := range []func(){
			func() { want.ID = id },
			func() { want.User = name },
			func() { want.UID, want.Seat = uid, name },
			func() { want.Terminal = strings.TrimPrefix(tty, "/dev/") },
			func() { want.Since = time.UnixMicro(int64(since)) },
		} {
			if wrong>>i&1 == 0 {
				set()
			}
		}
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// FuzzMajor holds that a version that begins with a number of systemd's has it, and nothing
// else passes for a new one.
func FuzzMajor(f *testing.F) {
	f.Add("257.13-1~deb13u1", uint16(257))
	f.Add("v257", uint16(0))
	f.Add("99999999999999999999", uint16(1))
	f.Add("٣٣٣", uint16(255))
	f.Fuzz(func(t *testing.T, version string, number uint16) {
		if got := major(version); got != 0 && !strings.HasPrefix(strings.TrimLeft(version, "0"), strconv.Itoa(got)) {
			t.Errorf("%q is %d", version, got)
		}
		if version = strings.TrimLeft(version, "0123456789"); major(strconv.Itoa(int(number))+version) != int(number) {
			t.Errorf("%d%s is %d", number, version, major(strconv.Itoa(int(number))+version))
		}
	})
}

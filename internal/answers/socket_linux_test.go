package answers

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"msg/internal/answers/answerstest"
)

// TestCode: a code is a letter, a digit and a letter; every one that is made is.
func TestCode(t *testing.T) {
	for s, want := range map[string]bool{
		"k7m": true, "a2z": true, "": false, "k7": false, "k7mm": false, "K7m": false, "k7M": false, "77m": false, "kkm": false,
		"k7m\n": false, ".k7": false, "k1m": false, "k0m": false, "i7m": false, "k7l": false, "o7m": false, "k/m": false,
		"é7": false, "k7\x00": false, "../": false, "k\xff7": false,
	} {
		if IsCode(s) != want {
			t.Errorf("IsCode(%q) is %v", s, !want)
		}
	}
	made := map[string]bool{}
	for i := range 256 {
		for j := range 256 {
			for _, c := range []string{code([3]byte{byte(i), byte(j)}), code([3]byte{0, byte(j), byte(i)})} {
				if made[c] = true; !IsCode(c) {
					t.Fatalf("%q was made", c)
				}
			}
		}
	}
	if want := 2*len(letters)*len(digits) - len(digits); len(made) != want {
		t.Errorf("%d codes were made, want %d", len(made), want)
	}
}

// TestOwnCodes: no two sockets have one code, also of those that are made at once; none
// is taken for a dead one, and who has one may be anybody.
func TestOwnCodes(t *testing.T) {
	dir := answerstest.Place(t)
	const many = 63
	sockets := make([]*Socket, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			s, err := Listen(dir)
			if err != nil {
				t.Error(err)
			}
			sockets[i] = s
		})
	}
	all.Wait()
	var codes []string
	for _, s := range sockets {
		if s == nil {
			continue
		}
		if codes = append(codes, s.Code); !IsCode(s.Code) {
			t.Errorf("code %q", s.Code)
		}
		if info, err := os.Lstat(dir + "/" + s.Code); err != nil || info.Mode() != os.ModeSocket|0o666 {
			t.Errorf("%s: %v, %v", s.Code, info, err)
		}
		serve(t, s, &desk{message: Message{Text: s.Code}})
	}
	slices.Sort(codes)
	if got := names(t, dir); len(codes) != many || !slices.Equal(got, codes) {
		t.Errorf("%q are there, want %q", got, codes)
	}
	for _, code := range codes {
		if m, err := ok(t, dir+"/"+code); err != nil || m.Text != code {
			t.Errorf("%s: %+v, %v", code, m, err)
		}
	}
	for _, s := range sockets {
		if s != nil {
			s.Close()
		}
	}
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("%q are left", got)
	}
}

// TestTakenCode: a code that somebody has is not taken from them, and nothing is left of
// the attempt.
func TestTakenCode(t *testing.T) {
	dir := answerstest.Place(t)
	s := named(t, dir, "k7m")
	serve(t, s, &desk{message: Message{Text: "first"}})
	if second, err := ListenAt(dir, "k7m"); !errors.Is(err, unix.EEXIST) || !errors.Is(err, ErrNowhere) {
		t.Errorf("the second is %+v, %v", second, err)
	}
	if m, err := ok(t, dir+"/k7m"); err != nil || m.Text != "first" {
		t.Errorf("%+v, %v", m, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"k7m"}) {
		t.Errorf("%q are there", got)
	}
}

// TestClear: what nobody listens at is removed, by the next that listens, too; what
// somebody listens at, or is about to, is not.
func TestClear(t *testing.T) {
	for _, how := range []string{"Clear", "Listen"} {
		t.Run(how, func(t *testing.T) {
			dir := answerstest.Place(t)
			serve(t, named(t, dir, "a2a"), &desk{})
			named(t, dir, "b2b")
			answerstest.Fill(t, dir+"/b2b")
			dead := named(t, dir, "c2c")
			if err := dead.file.Close(); err != nil {
				t.Fatal(err)
			}
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			if err := unix.Bind(fd, &unix.SockaddrUnix{Name: dir + "/.d2d"}); err != nil {
				t.Fatal(err)
			}
			want := []string{".d2d", "a2a", "b2b"}
			if how == "Clear" {
				if err := Clear(dir); err != nil {
					t.Error(err)
				}
			} else {
				want = append(want, listening(t, dir).Code)
				slices.Sort(want)
			}
			if got := names(t, dir); !slices.Equal(got, want) {
				t.Errorf("%q are left, want %q", got, want)
			}
		})
	}
}

// TestClearOfOne: what an account has left is removed by it and by root alone.
func TestClearOfOne(t *testing.T) {
	answerstest.RootOnly(t)
	for uid, want := range map[uint32][]string{65533: {"a2a", "b2b"}, 65534: {"a2a"}, 0: {"a2a"}} {
		dir := answerstest.Place(t)
		named(t, dir, "a2a")
		dead := named(t, dir, "b2b")
		if err := errors.Join(dead.file.Close(), os.Lchown(dir+"/b2b", 65534, -1), os.Chown(dir, -1, 65534), os.Chmod(dir, os.ModeSticky|0o775)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{"MSG_TEST_CLEAR=" + dir}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: 65534}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("uid %d: %v: %s", uid, err, out)
		}
		if got := names(t, dir); !slices.Equal(got, want) {
			t.Errorf("uid %d leaves %q, want %q", uid, got, want)
		}
	}
}

// TestUnsafeDirectory: a directory that somebody else may write to, or that is elsewhere,
// is no place for sockets.
func TestUnsafeDirectory(t *testing.T) {
	outer, live := answerstest.Place(t), answerstest.Place(t)
	s := named(t, live, "k7m")
	serve(t, s, &desk{})
	paths := map[string]string{
		"writable":   outer + "/w",
		"not sticky": outer + "/s",
		"a link":     outer + "/l",
		"a file":     outer + "/f",
		"not there":  outer + "/n",
		"not theirs": outer + "/o",
	}
	err := errors.Join(
		os.Mkdir(paths["writable"], 0o755), os.Chmod(paths["writable"], os.ModeSticky|0o777),
		os.Mkdir(paths["not sticky"], 0o755),
		os.Symlink(live, paths["a link"]),
		os.WriteFile(paths["a file"], nil, 0o600),
		os.Mkdir(paths["not theirs"], 0o755), os.Chmod(paths["not theirs"], os.ModeSticky|0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(paths["not theirs"], 65534, 0); err != nil {
			t.Fatal(err)
		}
	} else {
		delete(paths, "not theirs")
	}
	for name, dir := range paths {
		if s, err := Listen(dir); !errors.Is(err, ErrNowhere) {
			t.Errorf("%s: listens at %+v, %v", name, s, err)
		}
		if err := Clear(dir); err == nil {
			t.Errorf("%s is cleared", name)
		}
		if found, err := Sockets(dir, owner); err == nil {
			t.Errorf("%s: %+v wait there", name, found)
		}
	}
	if got := names(t, paths["writable"]); len(got) > 0 {
		t.Errorf("%q were made", got)
	}
	if err := os.Chmod(paths["writable"], os.ModeSticky|0o775); err != nil {
		t.Fatal(err)
	}
	listening(t, paths["writable"]) // its group may
}

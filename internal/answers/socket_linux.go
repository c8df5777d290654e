package answers

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is where one message is answered.
type Socket struct {
	Code string

	dir  string
	file *os.File // listens
}

const (
	queued         = 128              // connections that may wait to be heard
	attempts       = 100              // to find a code that is free
	unfinishedTime = 10 * time.Second // for a socket's first name, which takes microseconds
)

// Listen makes a socket in dir, under a code that is free. It needs the right to write there.
// It first removes what nobody listens at any more. Its error is ErrNowhere, with the cause.
func Listen(dir string) (*Socket, error) {
	if err := Clear(dir); err != nil {
		return nil, nowhere(err)
	}
	return listenAnywhere(dir)
}

func listenAnywhere(dir string) (*Socket, error) {
	for range attempts {
		var random [3]byte
		if _, err := unix.Getrandom(random[:], 0); err != nil {
			return nil, nowhere(err)
		}
		s, err := ListenAt(dir, code(random))
		if err == nil || !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.EADDRINUSE) {
			return s, err
		}
	}
	return nil, nowhere(fmt.Errorf("no code is free in %s", dir))
}

func nowhere(err error) error { return fmt.Errorf("%w: %w", ErrNowhere, err) }

// ListenAt makes the socket of that code, under another name first: a socket named by a code
// that nobody listens at is then always a dead one. Its error is ErrNowhere, with the cause.
func ListenAt(dir, code string) (*Socket, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nowhere(err)
	}
	s := &Socket{Code: code, dir: dir, file: os.NewFile(uintptr(fd), code)}
	unfinished, name := dir+"/."+code, dir+"/"+code
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: unfinished}); err != nil {
		return nil, errors.Join(nowhere(err), s.file.Close())
	}
	err = os.Chmod(unfinished, 0o666) // who may answer is told by their credentials
	if err == nil {
		err = unix.Listen(fd, queued)
	}
	if err == nil {
		err = unix.Renameat2(unix.AT_FDCWD, unfinished, unix.AT_FDCWD, name, unix.RENAME_NOREPLACE)
	}
	if err != nil {
		return nil, errors.Join(nowhere(err), unix.Unlink(unfinished), s.file.Close())
	}
	return s, nil
}

// Close removes the socket and ends the listening. The name goes first: without a listener, it
// could become another's.
func (s *Socket) Close() {
	_ = unix.Unlink(s.dir + "/" + s.Code) // else the next message's Clear removes it
	_ = s.file.Close()                    // nobody can get there any more
}

// owner is whose the directory has to be; tests that are not root's have their own.
var owner uint32

// Clear removes the sockets of this process's user, or of anybody if that is root, that nobody
// listens at any more. It needs the right to write to the directory. That is sticky: a name
// that is another user's by now stays.
func Clear(dir string) error {
	names, err := Sockets(dir, owner)
	if err != nil {
		return err
	}
	me := uint32(os.Geteuid())
	for _, name := range names {
		path := dir + "/" + name
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || me != 0 && st.Uid != me {
			continue // it has gone meanwhile, or is another's
		}
		old := time.Since(time.Unix(st.Ctim.Unix())) > unfinishedTime
		if (IsCode(name) || old) && dead(path) {
			if err := unix.Unlink(path); err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
		}
	}
	return nil
}

// Sockets returns the names in dir, if that is the owner's and no others may change it.
func Sockets(dir string, owner uint32) ([]string, error) {
	d, err := os.OpenFile(dir, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(d.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Uid != owner || st.Mode&0o002 != 0 || st.Mode&unix.S_ISVTX == 0 {
		return nil, fmt.Errorf("%s must be root's, sticky, and only its group may write there", dir)
	}
	return d.Readdirnames(-1)
}

// dead reports whether nobody listens there. A socket whose queue is full is alive.
func dead(path string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return errors.Is(unix.Connect(fd, &unix.SockaddrUnix{Name: path}), unix.ECONNREFUSED)
}

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

// queued is how many may have connected before they are looked at.
const queued = 128

// attempts bounds the search for a code that is free.
const attempts = 100

// Listen makes a socket in dir, under a code that is free, for a message of that user. It
// takes the right to write there. What nobody listens at any more is removed first. Its
// errors are ErrNowhere, with the cause, and ErrTooMany.
func Listen(dir string, uid uint32) (*Socket, error) {
	theirs, err := Clear(dir, uid)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNowhere, err)
	}
	if theirs >= MostEach && uid != 0 {
		return nil, ErrTooMany
	}
	s, err := listenAnywhere(dir)
	if err != nil {
		return nil, err
	}
	// Others may have looked at the same time, and made theirs.
	if theirs, err = Clear(dir, uid); err == nil && theirs > MostEach && uid != 0 {
		err = ErrTooMany
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func listenAnywhere(dir string) (*Socket, error) {
	for range attempts {
		var random [3]byte
		if _, err := unix.Getrandom(random[:], 0); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNowhere, err)
		}
		s, err := listen(dir, code(random))
		if err == nil || !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.EADDRINUSE) {
			return s, err
		}
	}
	return nil, fmt.Errorf("%w: no code is free in %s", ErrNowhere, dir)
}

// listen makes the socket under another name first: one that has a code as its name and
// that nobody listens at is then always a dead one.
func listen(dir, code string) (*Socket, error) {
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

func nowhere(err error) error { return fmt.Errorf("%w: %w", ErrNowhere, err) }

// Close removes the socket, where the process may do that, and ends the listening. Where
// it may not any more, somebody has to call Clear who may. It is removed first: a name
// without a listener could become another's in between.
func (s *Socket) Close() (removed bool) {
	err := unix.Unlink(s.dir + "/" + s.Code)
	_ = s.file.Close() // nobody can get there any more
	return err == nil
}

// owner is whose the directory has to be; tests that are not root's have their own.
var owner uint32

// unfinishedTime is how long a socket may have its first name, which takes microseconds.
const unfinishedTime = 10 * time.Second

// Clear removes what that user has left and nobody listens at any more, for root what
// anybody has, and returns how many sockets of theirs are still there. It takes the right to
// write to the directory, which is sticky: between the look at a socket and its removal,
// whoever calls could stop this process until the name is another's.
func Clear(dir string, uid uint32) (theirs int, err error) {
	names, err := sockets(dir)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		path := dir + "/" + name
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			continue // it has gone meanwhile
		}
		if uid != 0 && st.Uid != uid {
			continue
		}
		old := time.Since(time.Unix(st.Ctim.Unix())) > unfinishedTime
		if (IsCode(name) || old) && dead(path) {
			if err := unix.Unlink(path); err != nil && !errors.Is(err, unix.ENOENT) {
				return theirs, err
			}
			continue
		}
		if st.Uid == uid {
			theirs++
		}
	}
	return theirs, nil
}

// sockets are the names in the directory, if that is as it has to be.
func sockets(dir string) ([]string, error) {
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

package journal

import (
	"log/syslog"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

// toJournald sends the entry in journald's own form.
func toJournald(path string, e Entry) error {
	if err := room(path); err != nil {
		return err
	}
	vars := map[string]string{
		"SYSLOG_FACILITY":   "10", // authpriv, as sudo's: who did what
		"SYSLOG_IDENTIFIER": identifier,
	}
	for _, f := range e.Fields {
		vars[f.Name] = Cut(f.Value, mostValue)
	}
	return journal.Send(Cut(e.Message, mostValue), journal.PriInfo, vars)
}

// toSyslog sends the entry as a line in the form of RFC 3164.
func toSyslog(path string, e Entry) error {
	if err := room(path); err != nil {
		return err
	}
	log, err := syslog.Dial("unixgram", path, syslog.LOG_AUTHPRIV|syslog.LOG_INFO, identifier)
	if err != nil {
		return err
	}
	defer log.Close()
	return log.Info(e.line())
}

// room waits until the socket takes a datagram. While the socket is full, journal.Send would try
// again and again without a pause, and never give up.
func room(path string) error {
	fd, err := connect(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return poll(fd, timeout)
}

// connect returns a connected socket. On any other, poll(2) does not look at the other end's queue.
func connect(path string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// settle sends an empty datagram, which journald ignores, and waits until journald has read it.
// journald handles one datagram after the other, so it has then handled all that came before.
func settle(path string, deadline time.Time) {
	fd, err := connect(path)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if poll(fd, time.Until(deadline)) != nil || unix.Send(fd, nil, 0) != nil {
		return
	}
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 50*time.Millisecond) {
		if waiting, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ); err != nil || waiting == 0 {
			return
		}
		time.Sleep(pause)
	}
}

// poll waits until the socket takes a datagram.
func poll(fd int, within time.Duration) error {
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	for {
		switch n, err := unix.Poll(polled, int(max(within, 0).Milliseconds())); {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}

//go:build linux

package faults_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/test/island"
)

// registered are terminals that nothing but utmp tells of, and one with a session leader,
// which the kernel tells of.
type registered struct {
	known, led []*island.Terminal
}

func register(t *testing.T, n int) registered {
	t.Helper()
	all := registered{opened(t, island.Open, 2, n), opened(t, island.Open, 2+n, 1)}
	if err := all.led[0].Lead(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { writeUtmp(t, nil) })
	writeUtmp(t, all.bytes())
	return all
}

func (r registered) all() []*island.Terminal { return slices.Concat(r.known, r.led) }

func (r registered) bytes() []byte { return island.Utmp(records(r.all())) }

func records(terminals []*island.Terminal) []island.Record {
	var all []island.Record
	for _, one := range terminals {
		all = append(all, one.Record())
	}
	return all
}

// writeUtmp has that there, whatever was before.
func writeUtmp(t *testing.T, data []byte) {
	t.Helper()
	err := os.RemoveAll(island.UtmpFile)
	if err == nil {
		err = os.WriteFile(island.UtmpFile, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// everyone sends to all who are there, and holds that these have it; the others may have it
// or not, as their results say.
func everyone(by *island.Person, sure, others []*island.Terminal) error {
	o, err := sending{by: by, targets: "*"}.send()
	if err != nil {
		return err
	}
	all, err := o.each(sure)
	if err != nil {
		return err
	}
	n := len(sure)
	for _, one := range others {
		if _, ok := o.results[one.Name]; !ok {
			o.results[one.Name] = result{Event: "none"}
		}
		n++
		if err := o.isTrue(one, all, false); err != nil {
			return err
		}
	}
	if n != len(o.results) {
		return fmt.Errorf("results of others: %+v", o.results)
	}
	return nil
}

// TestUtmpTruncated: of a record that is cut anywhere, nothing is believed, and all before it
// is.
func TestUtmpTruncated(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		c := fault(t, "utmp truncated, at each byte of a record ("+whose(by)+")")
		r := register(t, 3)
		whole := island.Utmp(records(r.known))
		size := len(whole) / len(r.known)
		for cut := range size + 1 {
			writeUtmp(t, whole[:2*size+cut])
			sure, others := r.all(), []*island.Terminal(nil)
			if cut < size {
				sure, others = slices.Concat(r.known[:2], r.led), r.known[2:]
			}
			err := everyone(by, sure, nil)
			if len(others) > 0 && err == nil {
				if seen, _ := others[0].Take(); len(seen) > 0 {
					err = fmt.Errorf("the one with %d of %d bytes shows %q", cut, size, seen)
				}
			}
			c.tried(err)
		}
	})
}

// TestUtmpWritten: whatever is done to utmp while it is read, those whom the kernel tells of
// have the message, and the others if utmp had them whole at that moment.
func TestUtmpWritten(t *testing.T) {
	for name, w := range map[string]struct {
		fault string
		write func(data []byte) error
		whole bool // at every moment
	}{
		"replaced":  {"utmp replaced while it is read", replace, true},
		"rewritten": {"utmp truncated and written anew while it is read", rewrite, false},
		"growing":   {"utmp growing while it is read", grow, true},
		"removed":   {"utmp removed and made anew while it is read", remove, false},
	} {
		t.Run(name, func(t *testing.T) {
			senders(t, func(t *testing.T, by *island.Person) {
				c := fault(t, w.fault+" ("+whose(by)+")")
				r := register(t, 3)
				data, stop, stopped := r.bytes(), make(chan bool), make(chan error)
				go func() {
					for {
						select {
						case <-stop:
							stopped <- nil
							return
						default:
						}
						if err := w.write(data); err != nil {
							<-stop
							stopped <- err
							return
						}
						time.Sleep(rand.N(200 * time.Microsecond)) // there is other work for this processor
					}
				}()
				for range 60 {
					if w.whole {
						c.tried(everyone(by, r.all(), nil))
					} else {
						c.tried(everyone(by, r.led, r.known))
					}
				}
				close(stop)
				if err := <-stopped; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func replace(data []byte) error {
	if err := os.WriteFile(island.UtmpFile+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(island.UtmpFile+".new", island.UtmpFile)
}

func rewrite(data []byte) error {
	f, err := os.OpenFile(island.UtmpFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	for part := range slices.Chunk(data, 100) {
		if _, err := f.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// grow adds a login that is over, as time goes by; at 4 MB, it is as small again.
func grow(data []byte) error {
	f, err := os.OpenFile(island.UtmpFile, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if at, err := f.Seek(0, 2); err != nil || at > 4<<20 {
		return errors.Join(err, f.Truncate(int64(len(data))))
	}
	_, err = f.Write(bytes.Repeat(island.Record{User: "nobody-there", Line: "pts/9999"}.Bytes(), 100))
	return err
}

func remove(data []byte) error {
	if err := os.Remove(island.UtmpFile); err != nil {
		return err
	}
	return rewrite(data)
}

// TestUtmpLocked: nobody waits for who writes to utmp, and never stops.
func TestUtmpLocked(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		r := register(t, 3)
		f, err := os.OpenFile(island.UtmpFile, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for name, lock := range map[string]func() error{
			"flock": func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX) },
			"fcntl": func() error {
				return unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
			},
		} {
			c := fault(t, "utmp locked by another, "+name+" ("+whose(by)+")")
			if err := lock(); err != nil {
				t.Fatal(err)
			}
			for range 30 {
				c.tried(everyone(by, r.all(), nil))
			}
		}
	})
}

// TestUtmpKinds: where utmp is something else, those have the message whom the kernel tells of.
func TestUtmpKinds(t *testing.T) {
	link := func(to string) func() error {
		return func() error { return os.Symlink(to, island.UtmpFile) }
	}
	for name, make := range map[string]func() error{
		"a FIFO":                      func() error { return unix.Mkfifo(island.UtmpFile, 0o644) },
		"a directory":                 func() error { return os.Mkdir(island.UtmpFile, 0o755) },
		"a link to nothing":           link("/nonexistent"),
		"a link to itself":            link(island.UtmpFile),
		"a link to zeros without end": link("/dev/zero"),
		"a link to a terminal":        link("/dev/pts/ptmx"),
		"a gigabyte": func() error {
			return errors.Join(os.WriteFile(island.UtmpFile, nil, 0o644), os.Truncate(island.UtmpFile, 1<<30))
		},
		"for nobody to read":            func() error { return os.WriteFile(island.UtmpFile, nil, 0) },
		"a socket":                      func() error { return unix.Mknod(island.UtmpFile, unix.S_IFSOCK|0o666, 0) },
		"a device that there is not":    func() error { return unix.Mknod(island.UtmpFile, unix.S_IFCHR|0o666, int(unix.Mkdev(240, 77))) },
		"random bytes":                  func() error { return os.WriteFile(island.UtmpFile, garbage(1<<20), 0o644) },
		"random bytes of a whole login": func() error { return os.WriteFile(island.UtmpFile, garbageLogins(2000), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			senders(t, func(t *testing.T, by *island.Person) {
				c := fault(t, "utmp is "+name+" ("+whose(by)+")")
				r := register(t, 0)
				if err := os.Remove(island.UtmpFile); err != nil {
					t.Fatal(err)
				}
				if err := make(); err != nil {
					t.Fatal(err)
				}
				doctor := program(by, island.Msg, "doctor")
				c.tried(errors.Join(doctor.Start(), within(doctor, margin)))
				for range 5 {
					c.tried(everyone(by, r.led, nil))
					c.tried(listed(by, r.led...))
					if t.Failed() {
						return // each takes its time
					}
				}
			})
		})
	}
}

// listed holds that msg sessions shows these terminals, each once, and no others.
func listed(by *island.Person, terminals ...*island.Terminal) error {
	var out strings.Builder
	cmd := program(by, island.Msg, "sessions", "--json")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := errors.Join(cmd.Start(), within(cmd, margin)); err != nil {
		return fmt.Errorf("%w: %s", err, &out)
	}
	for _, one := range terminals {
		if strings.Count(out.String(), fmt.Sprintf("%q:%q", "terminal", one.Name)) != 1 {
			return fmt.Errorf("not %s once: %s", one.Name, &out)
		}
	}
	if n := strings.Count(out.String(), `"terminal"`); n != len(terminals) {
		return fmt.Errorf("%d terminals, want %d: %s", n, len(terminals), &out)
	}
	return nil
}

func garbage(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	return data
}

// garbageLogins are records of logins with nothing in them that makes sense.
func garbageLogins(n int) []byte {
	var all []byte
	for range n {
		record := island.Record{}.Bytes()
		copy(record[4:], garbage(len(record)-4))
		all = append(all, record...)
	}
	return all
}

// TestUtmpNames: a login counts for its user, however long the name is, and an entry that
// names anything else than a terminal of its user's for nothing.
func TestUtmpNames(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		var long []*island.Terminal
		for _, p := range longNamed {
			one, err := island.Open(p)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(one.HangUp)
			long = append(long, one)
		}
		stranger := opened(t, island.Open, 2, 1)[0]
		passwd, err := os.ReadFile("/etc/passwd")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { writeUtmp(t, nil) })
		all := records(long)
		for _, line := range []string{
			"", ":0", "~", "seat0", "console", "tty", "ptmx", "pts", "pts/", "pts/ptmx", "null", "../../etc/passwd", "/etc/passwd",
			"pts/../../etc/passwd", "/dev/" + stranger.Name, "./" + stranger.Name, stranger.Name + "/", "pts//" + stranger.Name[4:],
			strings.Repeat("pts/", 8), strings.Repeat("9", nameSize), "\xff\xfe", "\x1b[2J",
		} {
			for _, user := range []string{stranger.Person.Name, "root", "", strings.Repeat("x", nameSize)} {
				all = append(all, island.Record{User: user, Line: line, Host: strings.Repeat("h", 256)})
			}
		}
		// It is there, but nobody of that name has it.
		all = append(all, island.Record{User: "p3", Line: stranger.Name}, island.Record{Line: stranger.Name})
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		writeUtmp(t, island.Utmp(all))

		c := fault(t, "names of 32 bytes and more in utmp ("+whose(by)+")")
		for _, one := range long {
			for range 10 {
				o, err := sending{by: by, targets: one.Person.Name}.send()
				if err == nil {
					err = o.only(one)
				}
				if err == nil {
					_, err = o.whole(one)
				}
				c.tried(err)
			}
		}
		hostile := fault(t, "hostile lines in utmp ("+whose(by)+")")
		for range 10 {
			err := everyone(by, long, nil)
			if now, readErr := os.ReadFile("/etc/passwd"); err == nil && (readErr != nil || !bytes.Equal(now, passwd)) {
				err = errors.New("/etc/passwd is another")
			}
			if seen, _ := stranger.Take(); err == nil && len(seen) > 0 {
				err = fmt.Errorf("%s, where nobody is, shows %q", stranger.Name, seen)
			}
			hostile.tried(errors.Join(err, listed(by, long...)))
		}
	})
}

// TestManyEntries: most of what is in utmp is of those who left long ago.
func TestManyEntries(t *testing.T) {
	const entries, terminals = 10_000, 100
	senders(t, func(t *testing.T, by *island.Person) {
		c := fault(t, fmt.Sprintf("%d entries in utmp, %d terminals (%s)", entries, terminals, whose(by)))
		there := opened(t, island.Open, 2, terminals)
		all := records(there)
		for i := len(all); i < entries; i++ {
			all = append(all, island.Record{User: people[i%mostPeople].Name, Line: fmt.Sprint("pts/", 1000+i), Host: "gone.example"})
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		t.Cleanup(func() { writeUtmp(t, nil) })
		writeUtmp(t, island.Utmp(all))
		var msg, wall []time.Duration
		for range 10 {
			begun := time.Now()
			err := everyone(by, there, nil)
			c.tried(err)
			msg = append(msg, time.Since(begun))
			begun = time.Now()
			if out, err := exec.Command("wall", "This is wall.").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, one := range there {
				if err := errors.Join(one.Await("This is wall.", patience), one.Settle(patience)); err != nil {
					t.Error(err)
				}
			}
			wall = append(wall, time.Since(begun))
			for _, one := range there {
				one.Take()
			}
		}
		slices.Sort(msg)
		slices.Sort(wall)
		t.Logf("until all have it and it is judged: msg %v, wall %v (medians)", msg[len(msg)/2], wall[len(wall)/2])
	})
}

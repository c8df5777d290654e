//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"msg/test/island"
)

var comparisons = []struct {
	name    string
	measure func(b *bench) error
}{
	{"start", start},
	{"everyone", func(b *bench) error { return everyone(b, false) }},
	{"logins", func(b *bench) error { return everyone(b, true) }},
	{"sessions", sessions},
	{"held", held},
	{"user", user},
	{"door", door},
}

func row(cells ...any) {
	for _, c := range cells {
		fmt.Printf("| %v ", c)
	}
	fmt.Println("|")
}

// table begins one.
func table(title string, heads ...any) {
	fmt.Printf("\n%s\n\n", title)
	row(heads...)
	for range heads {
		fmt.Print("| --- ")
	}
	fmt.Println("|")
}

func plain(name string, argv ...string) command {
	return command{name: name, argv: argv}
}

// sender runs a program with a text as its last argument.
func sender(name string, argv ...string) command {
	return command{name: name, argv: argv, text: true}
}

// start is what programs take to start alone.
func start(b *bench) error {
	all, err := b.compare([]command{
		plain("msg --version", island.Msg, "--version"),
		plain("wall --version", "wall", "--version"),
		plain("true", "true"),
	})
	if err != nil {
		return err
	}
	table("start alone", "msg --version, ms", "wall --version, ms", "true, ms", "ratio to wall")
	row(ms(all[0], took), ms(all[1], took), ms(all[2], took), ratio(all[0], all[1], took))
	return nil
}

// everyone sends to all terminals, as root.
func everyone(b *bench, led bool) error {
	title := "terminals that utmp tells of, without processes"
	if led {
		title = "terminals with a session leader each"
	}
	table("root to everyone; "+title, "terminals", "msg, ms", "wall, ms", "ratio", "processor, msg to wall", "msg's memory, MB", "floor, ms")
	for _, n := range b.sizes {
		if err := b.populate(n, led); err != nil {
			return err
		}
		least := sender(floorName, "/proc/self/exe", floorName)
		least.tells = true
		all, err := b.compare([]command{sender("msg", island.Msg, "*"), sender("wall", "wall"), least})
		if err != nil {
			return err
		}
		row(n, ms(all[0], took), ms(all[1], took), ratio(all[0], all[1], took), ratio(all[0], all[1], cpu), mostMemory(all[0]), ms(all[2], took))
	}
	return nil
}

// sessions lists who is logged in.
func sessions(b *bench) error {
	table("who is logged in; terminals with a session leader each", "terminals", "msg sessions, ms", "who, ms", "ratio", "msg's memory, MB")
	for _, n := range b.sizes {
		if err := b.populate(n, true); err != nil {
			return err
		}
		all, err := b.compare([]command{plain("msg", island.Msg, "sessions"), plain("who", "who")})
		if err != nil {
			return err
		}
		row(n, ms(all[0], took), ms(all[1], took), ratio(all[0], all[1], took), mostMemory(all[0]))
	}
	return nil
}

// held has a tenth of the terminals take nothing.
func held(b *bench) error {
	const patience = 5 * time.Second
	n := min(1000, slices.Max(b.sizes))
	if err := b.populate(n, true); err != nil {
		return err
	}
	b.rounds = min(b.rounds, 10) // each takes the whole deadline
	free, err := b.compare([]command{sender("msg", island.Msg, "*")})
	if err != nil {
		return err
	}
	for i, t := range b.terminals {
		if i%10 == 0 {
			if err := t.Hold(); err != nil {
				return err
			}
		}
	}
	stuck := sender("msg", island.Msg, "*")
	stuck.exit = 1
	with, err := b.compare([]command{stuck})
	if err != nil {
		return err
	}
	table(fmt.Sprintf("%d terminals, of which a tenth is held", n), "", "none held", "a tenth held", "ratio")
	row("the last of the others has it after, ms", ms(free[0], last), ms(with[0], last), ratio(with[0], free[0], last))
	row("msg ends after, ms", ms(free[0], took), ms(with[0], took), "")
	row("of msg's deadline, ms", "", patience.Milliseconds(), fmt.Sprintf("%.3f", spreadOf(seconds(with[0])).median/patience.Seconds()))
	b.clear(0)
	return nil
}

func seconds(all []sample) (values []float64) {
	for _, s := range all {
		values = append(values, s.took.Seconds())
	}
	return values
}

// letAll lets users send to everyone, as often as they like.
func letAll() error {
	const settings = "[policy]\nbroadcast = [\"*\"]\n[rate]\nper_minute = 100000\nburst = 100000\n"
	return errors.Join(os.MkdirAll("/etc/msg", 0o755), os.WriteFile("/etc/msg/msg.toml", []byte(settings), 0o644))
}

// user sends through the door, beside root in process.
func user(b *bench) error {
	if err := letAll(); err != nil {
		return err
	}
	table("a user through the door, beside root", "terminals", "user, ms", "root, ms", "ratio", "user's msg, MB")
	for _, n := range b.sizes {
		if err := b.populate(n, true); err != nil {
			return err
		}
		byUser := sender("user", island.Msg, "*")
		byUser.uid = b.people[0].UID
		all, err := b.compare([]command{byUser, sender("root", island.Msg, "*")})
		if err != nil {
			return err
		}
		row(n, ms(all[0], took), ms(all[1], took), ratio(all[0], all[1], took), mostMemory(all[0]))
	}
	return nil
}

//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// hold begins that many messages to a terminal that takes no output, and counts what each is told
// first: a hello, that the door is busy, or why there is no place. It tries again if the door is
// busy. It keeps all of them waiting until its standard input ends.
func hold(number, terminal string) error {
	request := `{"protocol":1,"targets":["` + terminal + `"],"text":"aGk=","time_ms":300000}` + "\n"
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	said := map[string]int{}
	var held []*os.File
	for range n {
		for begun := time.Now(); ; time.Sleep(busyPause) {
			what, conn := knock()
			if what == "busy" && time.Since(begun) < busyTime {
				_ = conn.Close()
				continue
			}
			if what == "hello" {
				if _, err := conn.WriteString(request); err != nil {
					return err
				}
			}
			said[what]++
			held = append(held, conn)
			break
		}
	}
	for what, times := range said {
		fmt.Printf("%d %s\n", times, what)
	}
	fmt.Println("done")
	_, err = io.Copy(io.Discard, os.Stdin)
	for _, conn := range held {
		_ = conn.Close()
	}
	return err
}

// knock connects, and returns what msgd says first.
func knock() (said string, conn *os.File) {
	fd, err := connect(door)
	if err != nil {
		return err.Error(), nil
	}
	conn = os.NewFile(uintptr(fd), door)
	line, err := bufio.NewReader(conn).ReadString('\n')
	switch {
	case err != nil:
		return err.Error(), conn
	case strings.HasPrefix(line, `{"event":"hello"`):
		return "hello", conn
	case strings.HasPrefix(line, `{"event":"busy"`):
		return "busy", conn
	}
	return strings.TrimSpace(line), conn
}

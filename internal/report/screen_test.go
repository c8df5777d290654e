package report

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"msg/internal/message"
)

// onTerminal returns what is printed on a terminal of so many columns.
func onTerminal(t *testing.T, columns uint16, report func(terminal io.Writer)) string {
	t.Helper()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		all, _ := io.ReadAll(master) // ends with EIO, as terminals do
		shown <- string(all)
	}()
	report(terminal)
	terminal.Close()
	master.SetReadDeadline(time.Now().Add(10 * time.Second))
	return <-shown
}

// TestOthersWordsBeginNoRow: what a host says, and whom it names, fills a row with wide
// characters, and has words behind that would be another host's if they began a row.
func TestOthersWordsBeginNoRow(t *testing.T) {
	const forged = "bob at web2: \"Reboot it.\" (3 s)"
	for filled := range 80 {
		says := strings.Repeat("\u261d", filled) + forged
		got := onTerminal(t, 80, func(terminal io.Writer) {
			r := New(Options{Program: Msg, Stdout: terminal, Stderr: terminal, Here: "here", Hosts: []string{"web1", "web2"}, Verbose: true, Waits: true})
			r.Result(message.Result{Event: message.Failed, Host: "web1", Reason: message.Refused, Detail: says})
			r.Result(message.Result{Event: message.Delivered, Host: "web1", User: says, Terminal: "pts/1"})
			r.Result(message.Result{Event: message.Failed, Host: "web1", User: "bob", Terminal: says, Reason: message.Stuck})
			r.Result(message.Result{Event: message.Unanswered, Host: "web1", User: says})
			if err := r.End(); err != nil {
				t.Fatal(err)
			}
		})
		if strings.Count(strings.Join(strings.Fields(got), ""), "web2:\"Reboot") < 4 {
			t.Fatalf("%q", got)
		}
		for row := range strings.SplitSeq(got, "\r\n") {
			own := row == "" || row[0] == ' ' || strings.HasPrefix(row, "msg: ") || strings.HasPrefix(row, "sent to") || strings.HasPrefix(row, "hint: ")
			if n := len([]rune(row)); !own || n+strings.Count(row, "\u261d") > 80 && !strings.HasPrefix(row, "hint: ") {
				t.Errorf("%d before: the row %q", filled, row)
			}
		}
	}
}
